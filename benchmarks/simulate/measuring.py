"""Runs of the real stack on this machine: some to calibrate the model, others to judge it by."""

import asyncio
import json
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aioboto3

from benchmarks import machine
from benchmarks.load.generator import Outcome, Plan, run
from benchmarks.load.knee import VARIABLES
from benchmarks.serving import busy_s
from benchmarks.simulate.machine_model import Calibration, Part
from benchmarks.stack import Stack, running_stack
from tests.standins.running import commanding

_PROCESSES = ("gateway", "ingest", "captioner", "aws", "standin")
_SETTLE_S = 3.0
_IDLE_S = 5.0
MODEL_S = 0.3  # that the model's answer takes: what Bedrock does not compute here
_RECEIVES = 30
SLOTS = 4  # of a worker of `make up`


@dataclass(frozen=True)
class Run:
    """A run's photos, and who used how many core seconds meanwhile."""

    outcome: Outcome
    seconds: float
    cpu_s: Mapping[str, float]
    others_cores: float  # used by everything that is not the pipeline, on average
    handled_s: Mapping[str, float]  # median of a message in a worker's hands, by worker

    def per_photo(self, name: str, idle: Mapping[str, float]) -> float:
        """CPU seconds of a process for each photo, beyond what it uses without any."""
        used = self.cpu_s[name] - idle.get(name, 0.0) * self.seconds
        return max(0.0, used / len(self.outcome.photos))


# A run, and what the processes use at rest, in cores.
Measured = tuple[Run, Mapping[str, float]]


def measured(stack: Stack, plan: Plan) -> Run:
    """One run of the generator in this process."""
    before, busy, began = _cpu(stack), busy_s(), time.monotonic()
    outcome = asyncio.run(run(plan))
    seconds = time.monotonic() - began
    used = {name: now - before[name] for name, now in _cpu(stack).items()}
    others = (busy_s() - busy - sum(used.values()) - outcome.cpu_s) / seconds
    return Run(
        outcome,
        seconds,
        {**used, "load": outcome.cpu_s},
        max(0.0, others),
        {name: _handled_s(stack.log / f"{name}-1.log") for name in ("ingest", "captioner")},
    )


@contextmanager
def prepared_stack(**variables: str) -> Any:
    """A stack whose model takes its time, settled; and what its processes use at rest, in cores."""
    with running_stack(**VARIABLES, **variables) as stack:
        prefer([os.getpid(), *stack.pids.values()])
        asyncio.run(_slow_model(stack))
        time.sleep(_SETTLE_S)
        before = _cpu(stack)
        time.sleep(_IDLE_S)
        idle = {name: (now - before[name]) / _IDLE_S for name, now in _cpu(stack).items()}
        yield stack, idle


def plan_for(stack: Stack, photo: bytes, rate: float, seconds: float, **more: Any) -> Plan:
    """A run against this stack."""
    return Plan(stack.gateway_url, stack.token, photo, rate, seconds, **more)


@dataclass(frozen=True)
class Rates:
    """Photos a second of the calibration: nearly without queues, and where calls come in batches,
    which saves CPU.
    """

    alone: float
    busy: float


def calibrate(photo: bytes, rates: Rates, *, seconds: float) -> tuple[Calibration, dict[str, Any]]:
    """The parts of a photo's way: the gateway alone, then with ingest, then all of it.

    What the emulator and the stand-in do for each of them is the difference between these runs.
    """
    busy: list[Measured] = []
    receive_s, alone = 0.0, None
    for variables, done in (
        ({"INGEST": "0", "CAPTIONER": "0"}, frozenset[str]()),
        ({"CAPTIONER": "0"}, frozenset({"captioning"})),
        ({}, frozenset({"completed"})),
    ):
        with prepared_stack(**variables) as (stack, idle):
            if done:
                # Pays for connections and for what is loaded at first use.
                measured(stack, plan_for(stack, photo, rates.alone, 5, seed=99, done=done))
            if "completed" in done:
                alone = measured(stack, plan_for(stack, photo, rates.alone, seconds, done=done))
            plan = plan_for(stack, photo, rates.busy, seconds, seed=98, done=done)
            busy.append((measured(stack, plan), idle))
            if not done:
                # Nobody else takes from this queue, and the photos that were sent are on it.
                receive_s = asyncio.run(_receive_s(stack))
    assert alone is not None  # noqa: S101  the last of the three
    told = {
        "rates": [rates.alone, rates.busy],
        "seconds": seconds,
        "photos": [len(each.outcome.photos) for each in (alone, busy[-1][0])],
        "others_cores": [each.others_cores for each in (alone, busy[-1][0])],
        "idle_cores": busy[-1][1],
        "photo_bytes": len(photo),
    }
    return _calibration(busy, _lengths(alone), receive_s), told


def _calibration(
    runs: Sequence[Measured], length: Mapping[str, float], receive_s: float
) -> Calibration:
    (gateway, gateway_idle), (ingest, ingest_idle), (whole, whole_idle) = runs
    aws = [
        run.per_photo("aws", idle)
        for run, idle in ((gateway, gateway_idle), (ingest, ingest_idle), (whole, whole_idle))
    ]
    standin = [
        run.per_photo("standin", idle) for run, idle in ((ingest, ingest_idle), (whole, whole_idle))
    ]
    upload_share = min(1.0, length["upload"] / length["accepted"])
    door = {
        "load": gateway.per_photo("load", {}),
        "gateway": gateway.per_photo("gateway", gateway_idle),
        "aws": aws[0],
    }
    ingesting = {
        "ingest": ingest.per_photo("ingest", ingest_idle),
        "aws": max(0.0, aws[1] - aws[0]),
        "standin": standin[0],
    }
    captioning = {
        "captioner": whole.per_photo("captioner", whole_idle),
        "aws": max(0.0, aws[2] - aws[1]),
        "standin": max(0.0, standin[1] - standin[0]),
    }
    # Its CPU is in the worker's sums already.
    receive = Part({}, receive_s, 1)
    return Calibration(
        upload=Part(_share(door, upload_share), length["upload"], 5),
        to_ingest=Part(
            _share(door, 1 - upload_share), max(0.0, length["to_ingest"] - receive_s), 2
        ),
        receive_ingest=receive,
        **_worked("ingest", ingesting, length, slices=8),
        to_caption=Part({}, max(0.0, length["to_caption"] - receive_s), 1),
        receive_caption=receive,
        **_worked("caption", captioning, length, slices=6),
        slots=SLOTS,
        background_cores=0.0,
    )


def _worked(
    stage: str, cpu_s: Mapping[str, float], length: Mapping[str, float], *, slices: int
) -> dict[str, Any]:
    """The stage itself, and what holds its slot besides: the CPU goes by the length."""
    held = max(length[stage], length[f"held_{stage}"])
    share = length[stage] / held
    return {
        stage: Part(_share(cpu_s, share), length[stage], slices),
        f"tidy_{stage}": Part(_share(cpu_s, 1 - share), held - length[stage], 3),
    }


def _share(cpu_s: Mapping[str, float], share: float) -> dict[str, float]:
    return {name: seconds * share for name, seconds in cpu_s.items()}


def _lengths(run: Run) -> dict[str, float]:
    """Medians of a run that is nearly without queues, so that they are lengths without any."""
    photos = [photo for photo in run.outcome.photos if photo.done_s is not None]
    stages = [[seconds for _, seconds in photo.stages] for photo in photos]
    if any(len(each) != 4 for each in stages):
        raise ValueError("a photo was not done at the first attempt: calibrate on a quiet machine")
    to_ingest, ingest, to_caption, caption = (
        statistics.median(each) for each in zip(*stages, strict=True)
    )
    before = [(photo.done_s or 0.0) - sum(each) for photo, each in zip(photos, stages, strict=True)]
    return {
        "accepted": statistics.median(photo.accepted_s or 0.0 for photo in photos),
        "upload": max(0.001, statistics.median(before)),
        "to_ingest": to_ingest,
        "ingest": ingest,
        "to_caption": to_caption,
        "caption": caption,
        "held_ingest": run.handled_s["ingest"],
        "held_caption": run.handled_s["captioner"],
    }


def _handled_s(log: Path) -> float:
    """Median seconds of a message in a worker's hands, by the lines it logged."""
    if not log.exists():
        return 0.0
    lines = (json.loads(line) for line in log.read_text().splitlines() if "message handled" in line)
    seconds = [line["duration_ms"] / 1000 for line in lines if line.get("outcome") == "settled"]
    return statistics.median(seconds) if seconds else 0.0


async def _receive_s(stack: Stack) -> float:
    """Median seconds of a call that takes one message, with the library that the workers use."""
    values = stack.values
    client = aioboto3.Session().client(
        "sqs",
        region_name=values["AWS_REGION"],
        endpoint_url=values["AWS_ENDPOINT_URL"],
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=stack.values["AWS_SECRET_ACCESS_KEY"],
    )
    taken: list[float] = []
    async with client as sqs:
        for _ in range(_RECEIVES):
            began = time.perf_counter()
            answer = await sqs.receive_message(
                QueueUrl=values["INGEST_QUEUE_URL"], WaitTimeSeconds=1
            )
            if answer.get("Messages"):
                taken.append(time.perf_counter() - began)
    return statistics.median(taken)


async def _slow_model(stack: Stack) -> None:
    async with commanding(stack.values["STANDIN_URL"]) as models:
        await models.fault(bedrock={"mode": "none", "delay_ms": round(MODEL_S * 1000)})


def _cpu(stack: Stack) -> dict[str, float]:
    return {name: stack.cpu_s(f"{name}-1") for name in _PROCESSES if f"{name}-1" in stack.pids}


def prefer(pids: Sequence[int], nice: int | None = None) -> None:
    """Let these go before others, by our own niceness: where Linux groups processes by session
    (sched(7), autogroup), a process's own has no weight against those of other sessions.
    """
    nice = os.nice(0) if nice is None else nice
    for pid in pids if nice else ():
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))


def felt(others_cores: float, nice: int) -> float:
    """What of the cores that others used was taken from us: under CFS a step of nice is 1.25."""
    return others_cores * min(1.0, 1.25**nice)


def about() -> dict[str, Any]:
    """Where, on what code and with which priority it was measured."""
    return {
        "commit": machine.commit(),
        "machine": machine.machine(),
        "date": machine.now(),
        "nice": os.nice(0),
    }
