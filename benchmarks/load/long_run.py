"""``python -m benchmarks.load.long_run``: half an hour at half of the knee.

Every ten seconds the memory, open files, threads and CPU of each process; every minute the
latencies, and the CPU of a photo. What grows with time, and not with the photos of the moment, is
a leak: ``flatness`` says what counts as flat.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict

from benchmarks import machine
from benchmarks.load.__main__ import percentiles, photo_of
from benchmarks.load.flatness import cpu_of_minutes, drifts, slope, while_photos_came
from benchmarks.load.generator import Outcome, run
from benchmarks.load.knee import VARIABLES, plan_for
from benchmarks.load.watching import Use, use_of
from benchmarks.results import FOLDER, rounded
from benchmarks.stack import Stack, running_stack

_SAMPLE_S = 10.0


def main() -> int:
    """Measure, and keep what came out in ``results/load_long.json``; 1 if a photo was lost."""
    knee = json.loads((FOLDER / "load.json").read_text())["knee"]
    seconds = float(os.environ.get("SECONDS_LONG", "1800"))
    load = machine.load()
    with running_stack(**VARIABLES) as stack:
        outcome, uses = asyncio.run(_watched(stack, knee / 2, seconds))
    uses = while_photos_came(uses, seconds)
    minutes = _minutes(outcome)
    ended = [photo.at + photo.done_s for photo in outcome.photos if photo.done_s is not None]
    cpu = cpu_of_minutes(uses, ended)
    found = drifts(uses, minutes, cpu)
    told = {
        "commit": machine.commit(),
        "machine": machine.machine(),
        "date": machine.now(),
        "load": {"before": load, "after": machine.load()},
        "rate": knee / 2,
        "seconds": seconds,
        "photos": len(outcome.photos),
        "completed": sum(photo.done_s is not None for photo in outcome.photos),
        "mib_an_hour": {name: slope(uses, name) for name in uses[-1].resident_bytes},
        "is_flat": all(drift.is_flat for drift in found) if found else None,
        "drifts": [{**asdict(drift), "is_flat": drift.is_flat} for drift in found],
        "minutes": minutes,
        "cpu_ms_a_photo": cpu,
        "uses": [asdict(use) for use in uses],
    }
    (FOLDER / "load_long.json").write_text(json.dumps(rounded(told)) + "\n")
    print(json.dumps({name: told[name] for name in ("photos", "completed", "is_flat")}))
    for drift in found:
        verdict = "flat" if drift.is_flat else "NOT FLAT"
        print(f"{verdict}: {drift.what}: {drift.first:.2f} to {drift.last:.2f},", end=" ")
        print(f"{drift.drift:.2f} {drift.unit} (at most {drift.at_most:g})")
    return 0 if told["completed"] == told["photos"] else 1


async def _watched(stack: Stack, rate: float, seconds: float) -> tuple[Outcome, list[Use]]:
    began = time.monotonic()
    uses: list[Use] = []

    async def watch() -> None:
        while True:
            uses.append(use_of(stack, began=began))
            await asyncio.sleep(_SAMPLE_S)

    watching = asyncio.create_task(watch())
    try:
        outcome = await run(plan_for(stack, photo_of("small"), rate, seconds))
    finally:
        watching.cancel()
    return outcome, uses


def _minutes(outcome: Outcome) -> list[dict[str, float]]:
    """Percentiles to captions of the photos that came in each minute."""
    minutes: dict[int, list[float]] = {}
    for photo in outcome.photos:
        if photo.done_s is not None:
            minutes.setdefault(int(photo.at // 60), []).append(photo.done_s)
    return [{"minute": minute, **percentiles(times)} for minute, times in sorted(minutes.items())]


if __name__ == "__main__":
    sys.exit(main())
