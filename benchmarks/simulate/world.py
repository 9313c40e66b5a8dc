"""What is simulated on AWS: stages, their tasks and policies, the limits; and what comes of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.figures import percentile
from benchmarks.simulate.deployment import Deployment
from benchmarks.simulate.fleet import Fleet, Launches
from benchmarks.simulate.limits import Limits, Photo
from benchmarks.simulate.prices import Prices
from benchmarks.simulate.tracking import Policy, ScaleIn, TargetTracking

# Requests that a gateway's task works on at once. Its capacity does not depend on it, only how
# busy it reads at a low load.
GATEWAY_SLOTS = 8
GATEWAY_GB = 1.0
# Half a second until the retry and what the local model needs on half a core; see docs/scaling.md.
FALLBACK_S = 1.5
STAGES = ("gateway", "ingest", "captioner")


@dataclass(frozen=True)
class Stage:
    """One service: what a task of it can do, and how many there are to be."""

    name: str
    slots: int  # photos at once in a task
    service_s: float  # of each, all slots being busy
    spread: float  # standard deviation of that over its mean
    policies: tuple[Policy, ...]
    least: int
    most: int
    cores: float
    memory_gb: float

    @property
    def task_rate(self) -> float:
        """Photos a second that one task clears."""
        return self.slots / self.service_s

    def tasks_for(self, rate: float, *, busy: float = 1.0) -> int:
        """Tasks that clear so many photos a second with a share ``busy`` of their slots."""
        return math.ceil(rate / (self.task_rate * busy))


@dataclass(frozen=True)
class World:
    """Everything but the arrivals."""

    stages: tuple[Stage, ...]
    limits: Limits
    photo: Photo
    prices: Prices
    scale_in: ScaleIn = "proportional"

    def fleets(self) -> dict[str, Fleet]:
        """The tasks of each stage at the beginning."""
        launches = Launches(self.limits)
        return {
            stage.name: Fleet(
                TargetTracking(
                    stage.policies, least=stage.least, most=stage.most, scale_in=self.scale_in
                ),
                launches,
                self.limits.service_launches_a_minute,
            )
            for stage in self.stages
        }

    @property
    def admitted_a_second(self) -> float:
        """Photos for which the table has writes. What is above waits at the door, by retrying."""
        return self.limits.table_writes / self.photo.writes

    def dollars(self, fleets: Mapping[str, Fleet], seconds: float, photos: float) -> float:
        """What a run costs: tasks, photos and what is always there."""
        tasks = sum(
            fleets[stage.name].task_s
            / 3600
            * self.prices.task_hour(cores=stage.cores, memory_gb=stage.memory_gb)
            for stage in self.stages
        )
        return tasks + photos * self.prices.photo + seconds / 3600 * self.prices.fixed_hour


@dataclass(frozen=True)
class Arrivals:
    """Photos a second, piece by piece: until which second, and how many."""

    pieces: tuple[tuple[float, float], ...]

    @property
    def seconds(self) -> float:
        """How long it all takes."""
        return self.pieces[-1][0]

    def rate(self, now: float) -> float:
        """At this second."""
        return next((rate for until, rate in self.pieces if now < until), 0.0)


@dataclass
class Minutes:
    """What a plot shows: one value a minute of each."""

    rate: list[float] = field(default_factory=list)
    waiting: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in STAGES})
    tasks: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in STAGES})


@dataclass(frozen=True)
class Report:
    """What came of a run. Waits are in queues, in seconds, of the photos that left the last one."""

    arrived: float
    done: float
    inside: float
    done_a_second: float  # in the second half
    wait_p50: float
    wait_p95: float
    waiting_most: float
    waiting_end: float
    tasks_most: Mapping[str, int]
    tasks_mean: Mapping[str, float]
    swing: Mapping[str, int]  # between the least and the most tasks of the second half
    degraded: float  # share, captioned by the local model
    unlabelled: float  # share, without Rekognition
    in_flight_most: float  # messages of the caption queue
    dollars_an_hour: float
    dollars_1000: float
    minutes: Minutes


class Bucket:
    """A limit by the second: tokens that come back at a rate, ``size`` of them at most."""

    def __init__(self, rate: float, size: float) -> None:
        self._rate = rate
        self._size = size
        self._level = size
        self._at = 0.0

    def take(self, now: float, amount: float) -> bool:
        """Take it all or nothing."""
        self._fill(now)
        if amount > self._level:
            return False
        self._level -= amount
        return True

    def most(self, now: float, amount: float) -> float:
        """Take as much of ``amount`` as is there."""
        self._fill(now)
        taken = min(amount, self._level)
        self._level -= taken
        return taken

    def give_back(self, amount: float) -> None:
        """What was reserved and not needed."""
        self._level = min(self._size, self._level + amount)

    def _fill(self, now: float) -> None:
        self._level = min(self._size, self._level + (now - self._at) * self._rate)
        self._at = now


def stages(deployment: Deployment, cpu_s: Mapping[str, float]) -> tuple[Stage, ...]:
    """The deployment's services with the CPU seconds of a photo that were measured here."""
    ingest, captioner = deployment.workers["ingest"], deployment.workers["captioner"]
    pauses = (deployment.backlog.out, deployment.backlog.in_)
    level = Policy("busy", deployment.cpu_level / 100, *pauses)
    bounds = {"least": deployment.min, "most": deployment.max}
    cores = captioner.cores  # the module's default, which the gateway has too

    def of_worker(name: str, service_s: float, spread: float) -> Stage:
        worker = deployment.workers[name]
        policies = [Policy("backlog", worker.backlog_per_task, *pauses)]
        if deployment.busy is not None:
            policies.append(Policy("busy", deployment.busy, *pauses))
        size = {"cores": worker.cores, "memory_gb": worker.memory_gb}
        return Stage(name, worker.concurrency, service_s, spread, tuple(policies), **bounds, **size)

    return (
        Stage(
            "gateway",
            GATEWAY_SLOTS,
            GATEWAY_SLOTS * cpu_s["gateway"] / cores,
            0.3,
            (level,),
            **bounds,
            cores=cores,
            memory_gb=GATEWAY_GB,
        ),
        of_worker("ingest", ingest.concurrency * cpu_s["ingest"] / ingest.cores, 0.5),
        of_worker("captioner", captioner.photo_s, 0.4),
    )


def swing(tasks: Sequence[int]) -> int:
    """Between the least and the most of the second half: what comes to rest has none."""
    late = tasks[len(tasks) // 2 :]
    return max(late, default=0) - min(late, default=0)


def weighted_percentile(samples: Sequence[tuple[float, float]], percent: int) -> float:
    """Of (value, weight): the value that so many per cent of the weight are not above."""
    if not samples:
        return 0.0
    ranked = sorted(samples)
    left = sum(weight for _, weight in ranked) * percent / 100
    for value, weight in ranked:
        left -= weight
        if left <= 0:
            return value
    return ranked[-1][0]


def sampled_percentile(samples: Sequence[float], percent: int) -> float:
    """0 of nothing."""
    return percentile(samples, percent) if samples else 0.0
