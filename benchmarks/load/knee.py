"""``python -m benchmarks.load.knee``: how many photos a second ``make up`` carries, how quickly.

The knee is the highest rate tried at which the way to captions does not get longer while photos
come. Then a minute each at a quarter, half, three quarters and all of it, with the CPU of every
process: what fills the cores at the knee is what makes it.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks import machine
from benchmarks.load.__main__ import photo_of, summary
from benchmarks.load.generator import Outcome, Plan, run
from benchmarks.load.watching import cpu_s
from benchmarks.results import FOLDER, rounded
from benchmarks.stack import Stack, running_stack

# All uploads are one user's, and an open loop has no bound on what is in flight.
VARIABLES = {"MODELS": "standin", "GATEWAY_UPLOADS_PER_USER": "1000"}
SHARES = (25, 50, 75, 100)  # per cent of the knee
_WARM_UP = (2.0, 8.0)  # photos a second, seconds
_FLOOD = (40.0, 12.0)
_STEP_S = 30.0
_STEPS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)  # of what a flood runs off at
_RUN_S = 60.0
_GROWTH = 2.0  # from the first to the last third, in the median: more is a queue that grows
_DRAIN_S = 300.0


def main() -> int:
    """Measure, and keep what came out in ``results/load.json``."""
    with running_stack(**VARIABLES) as stack:
        told = _measured(stack, photo_of(os.environ.get("PHOTO", "small")))
    (FOLDER / "load.json").write_text(json.dumps(rounded(told), indent=1) + "\n")
    for each in told["runs"]:
        captions = each["captions_s"]
        print(
            f"{each['share']:3d} %  {each['rate']:5.2f}/s  p50 {captions['p50']:.2f} s"
            f"  p95 {captions['p95']:.2f} s  p99 {captions['p99']:.2f} s"
        )
    return 0


def _measured(stack: Stack, photo: bytes) -> dict[str, Any]:
    load = machine.load()
    idle = idle_cores(stack)
    observed(stack, photo, *_WARM_UP)
    flood = asyncio.run(run(plan_for(stack, photo, *_FLOOD, seed=2)))
    ran_off = _run_off(flood)
    knee, steps = _knee(stack, photo, ran_off)
    runs = [
        {"share": share, **observed(stack, photo, knee * share / 100, _RUN_S, seed=share)}
        for share in SHARES
    ]
    return {
        "commit": machine.commit(),
        "machine": machine.machine(),
        "date": machine.now(),
        "load": {"before": load, "after": machine.load()},
        "photo_bytes": len(photo),
        "idle_cores": idle,
        "flood_runs_off_at": ran_off,
        "steps": steps,
        "knee": knee,
        "runs": runs,
    }


def plan_for(stack: Stack, photo: bytes, rate: float, seconds: float, *, seed: int = 1) -> Plan:
    """A run against this stack, with time for what is left over."""
    return Plan(stack.gateway_url, stack.token, photo, rate, seconds, seed, drain_s=_DRAIN_S)


def idle_cores(stack: Stack, *, seconds: float = 5.0) -> dict[str, float]:
    """Cores that each process uses without a photo."""
    before = cpu_s(stack)
    time.sleep(seconds)
    return {name: (now - before[name]) / seconds for name, now in cpu_s(stack).items()}


def observed(
    stack: Stack, photo: bytes, rate: float, seconds: float, *, seed: int = 1
) -> dict[str, Any]:
    """A run's summary, whether the rate is carried, and the CPU of every process for a photo."""
    plan = plan_for(stack, photo, rate, seconds, seed=seed)
    before, began = cpu_s(stack), time.monotonic()
    outcome = asyncio.run(run(plan))
    took = time.monotonic() - began
    used = {name: now - before[name] for name, now in cpu_s(stack).items()}
    photos = max(1, len(outcome.photos))
    return {
        **summary(plan, outcome),
        "is_carried": is_carried(outcome),
        "cores_used": (sum(used.values()) + outcome.cpu_s) / took,
        "cpu_ms_a_photo": {name: 1000 * seconds / photos for name, seconds in used.items()},
    }


def is_carried(outcome: Outcome) -> bool:
    """Whether every photo was done, the late ones about as quickly as the early ones."""
    times = [photo.done_s for photo in outcome.photos]
    done = [each for each in times if each is not None]
    third = len(done) // 3
    if len(done) < len(times) or not third:
        return False
    return statistics.median(done[-third:]) <= _GROWTH * statistics.median(done[:third])


def _run_off(flood: Outcome) -> float:
    """Photos a second while there is more than enough to do."""
    ends = sorted(photo.at + photo.done_s for photo in flood.photos if photo.done_s is not None)
    first, last = len(ends) // 5, 4 * len(ends) // 5
    return (last - first) / (ends[last] - ends[first])


def _knee(stack: Stack, photo: bytes, ran_off: float) -> tuple[float, Sequence[dict[str, Any]]]:
    steps: list[dict[str, Any]] = []
    for step in _STEPS:
        steps.append(observed(stack, photo, ran_off * step, _STEP_S, seed=3))
        if not steps[-1]["is_carried"]:
            break
    carried = [step["rate"] for step in steps if step["is_carried"]]
    if not carried:
        raise machine.NotPrepared("not even half of a flood's rate is carried: a busy machine?")
    return max(carried), steps


if __name__ == "__main__":
    sys.exit(main())
