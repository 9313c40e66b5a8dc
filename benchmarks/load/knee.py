"""``python -m benchmarks.load.knee``: how many photos a second ``make up`` carries, how quickly.

The knee is the highest rate tried at which the way to captions does not get longer while photos
come. Then a minute each at a quarter, half, three quarters and all of it, with the CPU of every
process: what fills the cores at the knee is what makes it, and the emulator is one of them.
"""

import asyncio
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import machine
from benchmarks.load.__main__ import photo_of, summary
from benchmarks.load.generator import Outcome, Photo, Plan, run
from benchmarks.load.watching import cpu_s
from benchmarks.results import FOLDER, rounded
from benchmarks.stack import Stack, running_stack

# All uploads are one user's, and an open loop has no bound on what is in flight.
VARIABLES = {"MODELS": "standin", "GATEWAY_UPLOADS_PER_USER": "1000"}
SHARES = (25, 50, 75, 100)  # per cent of the knee
_WARM_UP = (2.0, 8.0)  # photos a second, seconds
_FLOOD = (40.0, 12.0)
_STEP_S = 30.0
_STEPS = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3)  # of what a flood runs off at
_RUN_S = 60.0
_EXCESS = 0.03  # of the rate: half a second more to wait after twenty seconds is noise, not a queue
_DRAIN_S = 300.0


def main() -> int:
    """Measure, and keep what came out in ``results/load.json``."""
    with running_stack(**VARIABLES) as stack:
        told = _measured(stack, photo_of(os.environ.get("PHOTO", "small")))
    (FOLDER / "load.json").write_text(json.dumps(rounded(told), indent=1) + "\n")
    return 0


def _measured(stack: Stack, photo: bytes) -> dict[str, Any]:
    load = machine.load()
    idle = idle_cores(stack)
    observed(stack, photo, *_WARM_UP)
    flood = asyncio.run(run(plan_for(stack, photo, *_FLOOD, seed=2)))
    ran_off = _run_off(flood)
    knee, steps = _knee(stack, photo, ran_off)
    runs = []
    for share in SHARES:
        runs.append(
            {"share": share, **observed(stack, photo, knee * share / 100, _RUN_S, seed=share)}
        )
        _tell(f"{share} % of the knee", runs[-1])
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


def _tell(what: str, told: Mapping[str, Any]) -> None:
    captions = " ".join(f"{name} {seconds:.2f} s" for name, seconds in told["captions_s"].items())
    print(f"{told['rate']:5.2f} photos a second, {what}: to captions {captions}", flush=True)


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
        "excess": excess(outcome),
        "cores_used": (sum(used.values()) + outcome.cpu_s) / took,
        "cpu_ms_a_photo": {name: 1000 * seconds / photos for name, seconds in used.items()},
    }


def is_carried(outcome: Outcome) -> bool:
    """Whether every photo was done, the late ones about as quickly as the early ones."""
    if any(photo.done_s is None for photo in outcome.photos):
        return False
    return excess(outcome) <= _EXCESS


def excess(outcome: Outcome) -> float:
    """The part of the rate that is too much: rate / capacity - 1, infinite with too few photos.

    With a rate above the capacity a photo that comes a second later waits (rate / capacity - 1)
    seconds longer, since it finds a second's arrivals more before it and a second's work less.
    """
    done = [photo for photo in outcome.photos if photo.done_s is not None]
    third = len(done) // 3
    if not third:
        return math.inf
    early, late = done[:third], done[-third:]
    longer = _median_of(late, "done_s") - _median_of(early, "done_s")
    return longer / (_median_of(late, "at") - _median_of(early, "at"))


def _median_of(photos: Sequence[Photo], name: str) -> float:
    return float(statistics.median(getattr(photo, name) for photo in photos))


def _run_off(flood: Outcome) -> float:
    """Photos a second while there is more than enough to do."""
    ends = sorted(photo.at + photo.done_s for photo in flood.photos if photo.done_s is not None)
    first, last = len(ends) // 5, 4 * len(ends) // 5
    return (last - first) / (ends[last] - ends[first])


def _knee(stack: Stack, photo: bytes, ran_off: float) -> tuple[float, Sequence[dict[str, Any]]]:
    steps: list[dict[str, Any]] = []
    for step in _STEPS:
        steps.append(observed(stack, photo, ran_off * step, _STEP_S, seed=3))
        _tell("carried" if steps[-1]["is_carried"] else "too much", steps[-1])
        if not steps[-1]["is_carried"]:
            break
    carried = [step["rate"] for step in steps if step["is_carried"]]
    if not carried:
        raise machine.NotPrepared("not even half of a flood's rate is carried: a busy machine?")
    return max(carried), steps


if __name__ == "__main__":
    sys.exit(main())
