"""What the Terraform files say about scaling. Read from them, so that the two can't drift.

Raises ValueError where a file no longer says it in the form that is read here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import ROOT

TERRAFORM = ROOT / "infra/terraform"
SHARE_OF_CORE = 1024  # CPU units of ECS
_NUMBER = r"([0-9.]+)"


@dataclass(frozen=True)
class Worker:
    """A worker's constants in scaling.tf, and what one task of it is."""

    concurrency: int
    photo_s: float
    wait_s: float
    cores: float
    memory_gb: float

    @property
    def backlog_per_task(self) -> int:
        """As ``local.backlog_per_task`` reckons it."""
        return int(self.wait_s * self.concurrency / self.photo_s)

    @property
    def photos_a_second(self) -> float:
        """What one task clears by its constants."""
        return self.concurrency / self.photo_s


@dataclass(frozen=True)
class Cooldowns:
    """Seconds after a change of the number of tasks."""

    out: float
    in_: float


@dataclass(frozen=True)
class Deployment:
    """Bounds, workers and policies of one environment."""

    min: int
    max: int
    workers: Mapping[str, Worker]
    cpu_level: float  # per cent
    backlog: Cooldowns
    busy: float | None  # of concurrency, that the policy on busy slots aims at; None: no policy


def read(environment: str = "prod", *, folder: Path = TERRAFORM) -> Deployment:
    """The deployment of ``environments/{environment}.tfvars``."""
    scaling = (folder / "scaling.tf").read_text()
    formula = r"floor\(worker\.wait_s \* worker\.concurrency / worker\.photo_s\)"
    _found(formula, scaling, "the backlog of each task")
    module = (folder / "modules/service/scaling.tf").read_text()
    variables = (folder / "modules/service/variables.tf").read_text()
    services = (folder / "services.tf").read_text()
    tfvars = (folder / f"environments/{environment}.tfvars").read_text()
    bounds = _found(rf"tasks\s*=\s*\{{ min = {_NUMBER}, max = {_NUMBER}", tfvars, "tasks")
    level = _found(rf"scaling_levels = \{{ cpu = {_NUMBER}", scaling, "scaling_levels")
    policy = _block(module, 'resource "aws_appautoscaling_policy" "messages"')
    out = _found(rf"scale_out_cooldown\s*=\s*{_NUMBER}", policy, "scale_out_cooldown")
    in_ = _found(rf"scale_in_cooldown\s*=\s*{_NUMBER}", policy, "scale_in_cooldown")
    busy = re.search(rf"busy_share\s*=\s*{_NUMBER}", scaling)
    return Deployment(
        min=int(bounds[1]),
        max=int(bounds[2]),
        workers={
            name: _worker(name, scaling, services, variables) for name in ("ingest", "captioner")
        },
        cpu_level=float(level[1]),
        backlog=Cooldowns(float(out[1]), float(in_[1])),
        busy=float(busy[1]) if busy else None,
    )


def _worker(name: str, scaling: str, services: str, variables: str) -> Worker:
    found = _found(
        rf"\b{name}\s*=\s*\{{ concurrency = {_NUMBER}, photo_s = {_NUMBER}, wait_s = {_NUMBER} \}}",
        _block(scaling, "workers ="),
        f"workers.{name}",
    )
    own = _block(_block(services, "services ="), f"{name} =")
    return Worker(
        concurrency=int(found[1]),
        photo_s=float(found[2]),
        wait_s=float(found[3]),
        cores=_size("cpu", own, variables) / SHARE_OF_CORE,
        memory_gb=_size("memory", own, variables) / 1024,
    )


def _size(name: str, service: str, variables: str) -> float:
    """What the service says itself, else the module's default."""
    given = re.search(rf"^\s*{name}\s*=\s*{_NUMBER}", service, re.MULTILINE)
    default = rf"\b{name}\s*=\s*optional\(number, {_NUMBER}\)"
    return float((given or _found(default, variables, f"{name} of a task"))[1])


def _block(text: str, opening: str) -> str:
    """What stands between the braces after ``opening`` at the beginning of a line."""
    begun = re.search(rf"^\s*{re.escape(opening)}\s*\{{", text, re.MULTILINE)
    if begun is None:
        # An alignment with the neighbours' equals signs.
        spaced = re.escape(opening).replace(r"\ =", r"\s*=")
        begun = _found(rf"(?m)^\s*{spaced}\s*\{{", text, opening)
    depth = 1
    for at in range(begun.end(), len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[begun.end() : at]
    raise ValueError(f"no end of {opening}")


def _found(pattern: str, text: str, what: str) -> re.Match[str]:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"Terraform does not say {what} as it did: see {__name__}")
    return match
