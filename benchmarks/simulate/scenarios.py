"""What is asked of the model: the sweep, steady hours, the burst, and the choice of constants."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.simulate import prices
from benchmarks.simulate.deployment import Deployment
from benchmarks.simulate.events import Pipeline
from benchmarks.simulate.fluid import Flow
from benchmarks.simulate.limits import Limits, Photo, photos_a_second
from benchmarks.simulate.machine_model import Calibration
from benchmarks.simulate.tracking import ScaleIn
from benchmarks.simulate.validating import RESULT as VALIDATION
from benchmarks.simulate.world import Arrivals, Report, Stage, World, stages

RESULT = machine.ROOT / "benchmarks/results/simulate_sweep.json"
RATES = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
BOTH_RATES = (1, 3, 10, 30)
SCALE_INS: tuple[ScaleIn, ...] = ("proportional", "gradual")
HOUR = 3600.0
# What one user, or one prefix, reaches and all together don't.
OF_ONE = ("one user's partition key", "one prefix")
_HEADROOM = 1.2  # of a limit that is raised
_BUSY = (None, 0.5, 0.6, 0.7, 0.8)
_SLOTS = (4, 8, 12, 16, 24)
# Until the policies have seen the load, and what they do with it long enough to see a pattern.
_STEADY_H = 4


def cpu_of(photo: str = "12mp", path: Path = VALIDATION) -> dict[str, float]:
    """CPU seconds of a photo by process, as measured here."""
    entry = json.loads(path.read_text())["photos"][photo]
    return Calibration.of(entry["calibration"]).cpu_s


def world(
    deployment: Deployment, cpu_s: Mapping[str, float], *, scale_in: ScaleIn = "proportional"
) -> World:
    """The deployment under AWS's defaults."""
    return World(stages(deployment, cpu_s), Limits(), Photo(), prices.read(), scale_in)


def before(deployment: Deployment) -> Deployment:
    """With the policy as it was until it was simulated."""
    return replace(deployment, busy=None)


def everything(deployment: Deployment, cpu_s: Mapping[str, float]) -> dict[str, Any]:
    """All scenarios of docs/scaling.md."""
    now = world(deployment, cpu_s)
    return {
        "deployment": asdict(deployment),
        "cpu_s": dict(cpu_s),
        "bounds": bounds(now),
        "agreement": [agreement(now, rate) for rate in BOTH_RATES],
        "sweep": [swept(now, rate) for rate in RATES],
        "steady": steady(deployment, cpu_s),
        "busy": busy_targets(deployment, cpu_s),
        "slots": slots(deployment, cpu_s),
        "burst": burst(deployment, cpu_s),
    }


def bounds(given: World) -> dict[str, float]:
    """Photos a second at which each thing is used up, the nearest first."""
    tasks = {
        f"{stage.name}, tasks.max = {stage.most}": stage.most * stage.task_rate
        for stage in given.stages
    }
    caption_s = given.stages[2].service_s
    found = {**tasks, **photos_a_second(given.limits, given.photo, caption_s=caption_s)}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def agreement(given: World, rate: float) -> dict[str, Any]:
    """An hour at one rate by both models."""
    arrivals = Arrivals(((HOUR, rate),))
    return {
        "rate": rate,
        "events": _told(Pipeline(given, arrivals).run()),
        "fluid": _told(Flow(given, arrivals).run()),
    }


def swept(given: World, rate: float) -> dict[str, Any]:
    """Two hours at one rate, as deployed and with every limit in its way raised."""
    arrivals = Arrivals(((2 * HOUR, rate),))
    reached = [
        name for name, most in bounds(given).items() if most < rate and not name.endswith(OF_ONE)
    ]
    enough = raised(given, rate)
    return {
        "rate": rate,
        "reached": reached,
        "deployed": _told(Flow(given, arrivals).run()),
        "raised": _told(Flow(enough, arrivals).run()),
        "needs": {
            "tasks": {stage.name: stage.least for stage in enough.stages},
            "tokens_per_minute": rate * given.photo.tokens * 60,
            "rekognition_a_second": rate,
            "table_writes": rate * given.photo.writes,
            "in_flight": rate * given.stages[2].service_s,
            "vcpus": sum(stage.least * stage.cores for stage in enough.stages),
            "gigabits": rate * given.photo.megabytes * 8 / 1000,
        },
    }


def raised(given: World, rate: float) -> World:
    """A world in which nothing is in the way of so many photos a second."""
    limits, photo = given.limits, given.photo
    enough = replace(
        limits,
        bedrock_tokens_per_minute=max(
            limits.bedrock_tokens_per_minute, rate * photo.tokens * 60 * _HEADROOM
        ),
        rekognition_a_second=max(limits.rekognition_a_second, rate * _HEADROOM),
        table_writes=max(limits.table_writes, rate * photo.writes * _HEADROOM),
    )
    return replace(given, stages=tuple(_sized(each, rate) for each in given.stages), limits=enough)


def steady(deployment: Deployment, cpu_s: Mapping[str, float]) -> list[dict[str, Any]]:
    """Hours at one rate between the least and the most tasks: does the number come to rest?"""
    found = []
    for name, given in (("before", before(deployment)), ("now", deployment)):
        for scale_in in SCALE_INS:
            inside = world(given, cpu_s, scale_in=scale_in)
            rate = _half(inside.stages[2])
            report = Flow(inside, Arrivals(((_STEADY_H * HOUR, rate),))).run()
            found.append({"policy": name, "scale_in": scale_in, "rate": rate, **_plotted(report)})
    return found


def busy_targets(deployment: Deployment, cpu_s: Mapping[str, float]) -> list[dict[str, Any]]:
    """For each target of the share of busy slots: the worst over rates and readings of scale-in."""
    found = []
    for busy in _BUSY:
        swing, waits, dollars = 0, 0.0, []
        for scale_in in SCALE_INS:
            inside = world(replace(deployment, busy=busy), cpu_s, scale_in=scale_in)
            most = inside.stages[2].most * inside.stages[2].task_rate
            for share in (0.3, 0.5, 0.7):
                report = Flow(inside, Arrivals(((_STEADY_H * HOUR, share * most),))).run()
                swing = max(swing, *(report.swing[name] for name in ("ingest", "captioner")))
                waits = max(waits, report.wait_p95)
                dollars.append(report.dollars_1000)
        mean = sum(dollars) / len(dollars)
        found.append({"busy": busy, "swing": swing, "wait_p95": waits, "dollars_1000": mean})
    return found


def slots(deployment: Deployment, cpu_s: Mapping[str, float]) -> list[dict[str, Any]]:
    """Photos at once in a captioner: what ten tasks do then, and what it costs of their CPU."""
    found = []
    for count in _SLOTS:
        captioner = replace(deployment.workers["captioner"], concurrency=count)
        given = replace(deployment, workers={**deployment.workers, "captioner": captioner})
        stage = world(given, cpu_s).stages[2]
        share = stage.task_rate * cpu_s["captioner"] / stage.cores
        found.append(
            {
                "slots": count,
                "task_a_second": stage.task_rate,
                "ten_a_second": stage.most * stage.task_rate,
                "cpu_share": share,
                "backlog_per_task": captioner.backlog_per_task,
            }
        )
    return found


def burst(deployment: Deployment, cpu_s: Mapping[str, float]) -> list[dict[str, Any]]:
    """Ten times the load for twenty minutes, from a tenth of what the deployment can do."""
    found = []
    for name, given in (("before", before(deployment)), ("now", deployment)):
        for scale_in in SCALE_INS:
            inside = world(given, cpu_s, scale_in=scale_in)
            most = min(stage.most * stage.task_rate for stage in inside.stages) * 0.9
            arrivals = Arrivals(
                ((0.5 * HOUR, most / 10), (0.5 * HOUR + 1200, most), (3 * HOUR, most / 10))
            )
            report = Pipeline(inside, arrivals).run()
            found.append({"policy": name, "scale_in": scale_in, "rate": most, **_plotted(report)})
    return found


def save(result: Mapping[str, Any], path: Path = RESULT) -> None:
    """With commit and date, as every result."""
    about = {"commit": machine.commit(), "date": machine.now()}
    text = json.dumps({"name": "simulate_sweep", **about, **_short(result)}, separators=(",", ":"))
    path.write_text(text + "\n")


def _sized(stage: Stage, rate: float) -> Stage:
    least = max(stage.least, stage.tasks_for(rate, busy=0.7))
    return replace(stage, least=least, most=max(stage.most, 2 * least))


def _half(stage: Stage) -> float:
    return stage.most * stage.task_rate / 2


def _told(report: Report) -> dict[str, Any]:
    found = asdict(report)
    del found["minutes"]
    return found


def _plotted(report: Report) -> dict[str, Any]:
    return asdict(report)


def _short(value: Any) -> Any:
    """Four digits that mean something: these files are read by people too."""
    match value:
        case float() if value and math.isfinite(value):
            return round(value, max(0, 3 - math.floor(math.log10(abs(value)))))
        case dict() | Mapping():
            return {key: _short(each) for key, each in value.items()}
        case list() | tuple():
            return [_short(each) for each in value]
        case _:
            return value
