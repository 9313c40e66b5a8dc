"""``python -m benchmarks.load.long_run``: half an hour at half of the knee.

Every ten seconds the memory, open files and threads of each process; every minute the latencies.
What grows with time, and not with the photos of the moment, is a leak.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from dataclasses import asdict

from benchmarks import machine
from benchmarks.load.__main__ import percentiles, photo_of
from benchmarks.load.generator import Outcome, run
from benchmarks.load.knee import VARIABLES, plan_for
from benchmarks.load.watching import Use, use_of
from benchmarks.results import FOLDER, rounded
from benchmarks.stack import Stack, running_stack

_SAMPLE_S = 10.0
_WARM_S = 300.0  # caches and pools fill up in the first minutes: no slope is taken of them
_MIB = 2**20


def main() -> int:
    """Measure, and keep what came out in ``results/load_long.json``; 1 if a photo was lost."""
    knee = json.loads((FOLDER / "load.json").read_text())["knee"]
    seconds = float(os.environ.get("SECONDS_LONG", "1800"))
    load = machine.load()
    with running_stack(**VARIABLES) as stack:
        outcome, uses = asyncio.run(_watched(stack, knee / 2, seconds))
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
        "minutes": _minutes(outcome),
        "uses": [asdict(use) for use in uses],
    }
    (FOLDER / "load_long.json").write_text(json.dumps(rounded(told)) + "\n")
    print(json.dumps({name: told[name] for name in ("photos", "completed", "mib_an_hour")}))
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


def slope(uses: list[Use], name: str) -> float:
    """MiB an hour by which a process grows after it has warmed up: least squares."""
    warm = [use for use in uses if use.at >= _WARM_S]
    if len(warm) < 2:
        return 0.0
    fit = statistics.linear_regression(
        [use.at / 3600 for use in warm], [use.resident_bytes[name] / _MIB for use in warm]
    )
    return fit.slope


def _minutes(outcome: Outcome) -> list[dict[str, float]]:
    """Percentiles to captions of the photos that came in each minute."""
    minutes: dict[int, list[float]] = {}
    for photo in outcome.photos:
        if photo.done_s is not None:
            minutes.setdefault(int(photo.at // 60), []).append(photo.done_s)
    return [{"minute": minute, **percentiles(times)} for minute, times in sorted(minutes.items())]


if __name__ == "__main__":
    sys.exit(main())
