"""Whether the model says what this machine does: calibrated in some runs, judged by others."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.figures import percentile
from benchmarks.load.generator import arrivals
from benchmarks.simulate.machine_model import Calibration, LocalStack, Times
from benchmarks.simulate.measuring import (
    MODEL_S,
    Rates,
    Run,
    about,
    calibrate,
    felt,
    measured,
    plan_for,
    prepared_stack,
)

RESULT = machine.ROOT / "benchmarks/results/simulate_validation.json"
COMPARISON = machine.ROOT / "benchmarks/results/simulate_comparison.json"
WITHIN = 0.15  # of the measured value, both for photos a second and for p95
_CALIBRATION_S = 40.0
_RUN_S = 50.0
# Of the capacity that the calibration promises: half, near the knee, and above it.
SHARES = (0.5, 0.85, 1.2)
_DRAIN_S = 240.0


def measure(
    photos: Mapping[str, tuple[bytes, Rates, Sequence[float]]], path: Path = RESULT
) -> dict[str, Any]:
    """Calibrate for each photo, run at its shares of the capacity, and write down what came out."""
    entries = {name: _measure(*each) for name, each in photos.items()}
    result = {"name": "simulate_validation", **about(), "model_s": MODEL_S, "photos": entries}
    path.write_text(json.dumps(_rounded(result), indent=1) + "\n")
    return result


def compare(path: Path = RESULT) -> dict[str, Any]:
    """Each measured run of ``path`` and the model's, with how far the two are apart."""
    result = json.loads(path.read_text())
    cores = result["machine"]["cores"]
    calibrations = {
        name: Calibration.of(entry["calibration"]) for name, entry in result["photos"].items()
    }
    return {
        "name": "simulate_comparison",
        "measured": {name: result[name] for name in ("commit", "machine", "date", "nice")},
        "photos": {
            name: {"cpu_s": calibrations[name].cpu_s, "capacity": entry["capacity"]}
            for name, entry in result["photos"].items()
        },
        "runs": [
            _compared(name, calibrations[name], cores, run, nice=result["nice"])
            for name, entry in result["photos"].items()
            for run in entry["runs"]
        ],
    }


def save(compared: Mapping[str, Any], path: Path = COMPARISON) -> None:
    """For the page and its plots."""
    path.write_text(json.dumps(_rounded(compared), separators=(",", ":")) + "\n")


def simulated(
    calibration: Calibration, cores: float, *, rate: float, seconds: float, seed: int, others: float
) -> list[Times]:
    """The model's run with the same uploads; ``others`` is what else used the cores."""
    return LocalStack(calibration, cores - others).run(
        arrivals(rate=rate, seconds=seconds, seed=seed)
    )


def capacity(calibration: Calibration, cores: float, others: float) -> tuple[float, str]:
    """Photos a second that this machine can do at most, and what is used up then.

    The slots count by what a photo holds them without any queue; it is longer with one.
    """
    cpu = calibration.cpu_s
    bounds = {"the cores": (cores - others) / sum(cpu.values())}
    bounds |= {f"the process {name}": 1 / cpu[name] for name in ("gateway", "captioner", "aws")}
    held = calibration.caption.alone_s + calibration.tidy_caption.alone_s
    bounds["the captioner's slots"] = calibration.slots / held
    name = min(bounds, key=bounds.__getitem__)
    return bounds[name], name


def _measure(photo: bytes, rates: Rates, shares: Sequence[float]) -> dict[str, Any]:
    before = machine.load()
    calibration, told = calibrate(photo, rates, seconds=_CALIBRATION_S)
    others = felt(told["others_cores"][-1], os.nice(0))
    most, bound = capacity(calibration, machine.machine()["cores"], others)
    print(f"at most {most:.1f} photos a second, bound by {bound}", flush=True)
    runs = []
    with prepared_stack() as (stack, _):
        measured(stack, plan_for(stack, photo, rates.alone, 5, seed=99))
        for number, share in enumerate(shares):
            load = machine.load()
            plan = plan_for(
                stack, photo, round(share * most, 1), _RUN_S, seed=number + 1, drain_s=_DRAIN_S
            )
            run = _run(measured(stack, plan), plan.seconds)
            runs.append(
                {**run, "load_before": load, "rate": plan.rate, "seed": plan.seed, "share": share}
            )
            print(json.dumps({k: v for k, v in runs[-1].items() if k != "done_s"}), flush=True)
    return {
        "calibration": calibration.as_json(),
        "calibrated": told,
        "capacity": {"photos_a_second": most, "bound_by": bound},
        "load": {"before": before, "after": machine.load()},
        "runs": runs,
    }


def _run(run: Run, seconds: float) -> dict[str, Any]:
    photos = run.outcome.photos
    done = [photo.done_s for photo in photos if photo.done_s is not None]
    ends = [photo.at + photo.done_s for photo in photos if photo.done_s is not None]
    return {
        "seconds": seconds,
        "sent": len(photos),
        "completed": len(done),
        **_told(done, ends, seconds),
        "others_cores": run.others_cores,
        "cpu_ms": {name: 1000 * used / len(photos) for name, used in run.cpu_s.items()},
        "handled_s": dict(run.handled_s),
        "done_s": done,
    }


def _compared(
    name: str, calibration: Calibration, cores: float, run: Mapping[str, Any], *, nice: int
) -> dict[str, Any]:
    times = simulated(
        calibration,
        cores,
        rate=run["rate"],
        seconds=run["seconds"],
        seed=run["seed"],
        others=felt(run["others_cores"], nice),
    )
    ends = [each.done for each in times if each.done is not None]
    done = [each.done - each.came for each in times if each.done is not None]
    model = _told(done, ends, run["seconds"])
    off = {key: model[key] / run[key] - 1 for key in model}
    return {
        "photo": name,
        "rate": run["rate"],
        "sent": run["sent"],
        "others_cores": run["others_cores"],
        "measured": {key: run[key] for key in model},
        "simulated": model,
        "off": off,
        "within": all(abs(off[key]) <= WITHIN for key in ("photos_a_second", "p95_s")),
        "measured_done_s": run["done_s"],
        "simulated_done_s": done,
    }


def _told(done: Sequence[float], ends: Sequence[float], seconds: float) -> dict[str, float]:
    """Throughput while photos came, and the percentiles of all of them."""
    return {
        "photos_a_second": sum(end <= seconds for end in ends) / seconds,
        "p50_s": percentile(done, 50),
        "p95_s": percentile(done, 95),
    }


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 4)
        case dict():
            return {key: _rounded(each) for key, each in value.items()}
        case list() | tuple():
            return [_rounded(each) for each in value]
        case _:
            return value
