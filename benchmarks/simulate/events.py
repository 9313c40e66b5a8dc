"""The discrete-event model: every photo by itself through gateway, ingest and captioner (SimPy).

Good for some tens of photos a second; above, ``fluid`` says the same faster.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from simpy import Environment, Event

from benchmarks.simulate.fleet import MINUTE, Fleet
from benchmarks.simulate.world import (
    FALLBACK_S,
    Arrivals,
    Bucket,
    Minutes,
    Report,
    Stage,
    World,
    sampled_percentile,
    swing,
)

Steps = Iterator[Event]
Next = Callable[["Passing"], None]


@dataclass(eq=False)
class Passing:
    """One photo on its way: how long it has waited in queues so far."""

    came: float  # at the stage where it is
    waited: float = 0.0


class Line:
    """One stage's queue and slots: who waits longest is served first."""

    def __init__(
        self,
        env: Environment,
        stage: Stage,
        fleet: Fleet,
        *,
        service: Callable[[], float],
        onward: Next,
    ) -> None:
        self._env = env
        self._stage = stage
        self.fleet = fleet
        self._service = service
        self._onward = onward
        self.queue: deque[Passing] = deque()
        self.busy = 0
        self.busy_most = 0
        self._areas = {"waiting": 0.0, "busy": 0.0}
        self._at = 0.0

    def take(self, photo: Passing) -> None:
        """The photo comes to this stage."""
        self._measure()
        photo.came = self._env.now
        self.queue.append(photo)
        self._start()

    def minute(self, now: float) -> None:
        """Tell the policies how the last minute was."""
        self._measure()
        waiting, busy = (area / MINUTE for area in self._areas.values())
        self._areas = dict.fromkeys(self._areas, 0.0)
        running = max(1, self.fleet.running)
        self.fleet.minute(
            now,
            _known(
                self._stage,
                {"backlog": waiting / running, "busy": busy / running / self._stage.slots},
            ),
        )

    def tick(self, now: float) -> None:
        """Tasks may have become ready."""
        if self.fleet.advance(now):
            self._start()

    def _measure(self) -> None:
        passed = self._env.now - self._at
        self._at = self._env.now
        self._areas["waiting"] += passed * len(self.queue)
        self._areas["busy"] += passed * self.busy

    def _start(self) -> None:
        while self.queue and self.busy < self.fleet.running * self._stage.slots:
            photo = self.queue.popleft()
            photo.waited += self._env.now - photo.came
            self.busy += 1
            self.busy_most = max(self.busy_most, self.busy)
            served = self._env.timeout(self._service())
            served.callbacks.append(lambda _, photo=photo: self._served(photo))

    def _served(self, photo: Passing) -> None:
        self._measure()
        self.busy -= 1
        self._start()
        self._onward(photo)


def _known(stage: Stage, values: dict[str, float]) -> dict[str, float]:
    return {policy.metric: values[policy.metric] for policy in stage.policies}


@dataclass
class _Count:
    arrived: int = 0
    ingested: int = 0
    labelled: int = 0
    degraded: int = 0
    waits: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)


class Pipeline:
    """A world at work for so long as the arrivals last."""

    def __init__(self, world: World, arrivals: Arrivals, *, seed: int = 1) -> None:
        self._world = world
        self._arrivals = arrivals
        self._chance = random.Random(seed)
        self._env = Environment()
        self._count = _Count()
        self._minutes = Minutes()
        self._at_door = 0
        limits = world.limits
        self._writes = Bucket(world.admitted_a_second, max(1.0, world.admitted_a_second))
        self._rekognition = Bucket(limits.rekognition_a_second, limits.rekognition_a_second)
        per_minute = limits.bedrock_tokens_per_minute
        self._tokens = Bucket(per_minute / 60, per_minute)
        fleets = world.fleets()
        gateway, ingest, captioner = world.stages
        self._captioner = self._line(captioner, fleets, self._end, service=self._caption_s)
        self._ingest = self._line(ingest, fleets, self._captioner.take, service=self._ingest_s)
        self._gateway = self._line(gateway, fleets, self._ingest.take)
        self.lines = {
            "gateway": self._gateway,
            "ingest": self._ingest,
            "captioner": self._captioner,
        }

    def run(self) -> Report:
        """All arrivals; what is inside at the end stays there, and is counted."""
        self._env.process(self._come())
        self._env.process(self._watch())
        self._env.process(self._tick())
        self._env.run(until=self._arrivals.seconds)
        return self._report()

    @property
    def waits(self) -> list[float]:
        """Seconds in queues of each photo that is done."""
        return self._count.waits

    def held(self) -> int:
        """Photos at the door, in queues and at work: what has not left."""
        inside = sum(len(line.queue) + line.busy for line in self.lines.values())
        return self._at_door + inside

    def _line(
        self,
        stage: Stage,
        fleets: dict[str, Fleet],
        onward: Next,
        *,
        service: Callable[[], float] | None = None,
    ) -> Line:
        return Line(
            self._env,
            stage,
            fleets[stage.name],
            service=service or (lambda: self._drawn(stage.service_s, stage.spread)),
            onward=onward,
        )

    def _drawn(self, mean: float, spread: float) -> float:
        """A time of this mean and spread: gamma's, exponential for a spread of 1."""
        if spread == 0:
            return mean
        shape = spread**-2
        return self._chance.gammavariate(shape, mean / shape)

    def _ingest_s(self) -> float:
        self._count.ingested += 1
        self._count.labelled += self._rekognition.take(self._env.now, 1)
        stage = self._world.stages[1]
        return self._drawn(stage.service_s, stage.spread)

    def _caption_s(self) -> float:
        photo, stage = self._world.photo, self._world.stages[2]
        if not self._tokens.take(self._env.now, photo.reserved_tokens):
            self._count.degraded += 1
            return self._drawn(FALLBACK_S, stage.spread)
        seconds = self._drawn(stage.service_s, stage.spread)
        unused = photo.reserved_tokens - photo.tokens
        answered = self._env.timeout(seconds)
        answered.callbacks.append(lambda _: self._tokens.give_back(unused))
        return seconds

    def _end(self, photo: Passing) -> None:
        self._count.waits.append(photo.waited)
        self._count.ends.append(self._env.now)

    def _come(self) -> Steps:
        highest = max(rate for _, rate in self._arrivals.pieces)
        while True:
            yield self._env.timeout(self._chance.expovariate(highest))
            # Thinned out to the rate of the moment.
            if self._chance.random() * highest < self._arrivals.rate(self._env.now):
                self._count.arrived += 1
                self._env.process(self._admitted(Passing(self._env.now)))

    def _admitted(self, photo: Passing) -> Steps:
        """Through the door once the table has writes for it."""
        self._at_door += 1
        while not self._writes.take(self._env.now, 1):
            yield self._env.timeout(1.0)
            photo.waited += 1.0
        self._at_door -= 1
        self._gateway.take(photo)

    def _tick(self) -> Steps:
        while True:
            yield self._env.timeout(1.0)
            for line in self.lines.values():
                line.tick(self._env.now)

    def _watch(self) -> Steps:
        while True:
            yield self._env.timeout(MINUTE)
            self._minutes.rate.append(self._arrivals.rate(self._env.now - 1))
            for name, line in self.lines.items():
                line.minute(self._env.now)
                self._minutes.waiting[name].append(len(line.queue))
                self._minutes.tasks[name].append(line.fleet.running)

    def _report(self) -> Report:
        seconds, count = self._arrivals.seconds, self._count
        fleets = {name: line.fleet for name, line in self.lines.items()}
        for fleet in fleets.values():
            fleet.advance(seconds)
        done = len(count.waits)
        dollars = self._world.dollars(fleets, seconds, done)
        return Report(
            arrived=count.arrived,
            done=done,
            inside=count.arrived - done,
            done_a_second=sum(end > seconds / 2 for end in count.ends) / (seconds / 2),
            wait_p50=sampled_percentile(count.waits, 50),
            wait_p95=sampled_percentile(count.waits, 95),
            waiting_most=_most_waiting(self._minutes),
            waiting_end=sum(len(line.queue) for line in self.lines.values()),
            tasks_most={name: fleet.most for name, fleet in fleets.items()},
            tasks_mean={name: fleet.task_s / seconds for name, fleet in fleets.items()},
            swing={name: swing(self._minutes.tasks[name]) for name in fleets},
            degraded=count.degraded / max(1, done),
            unlabelled=1 - count.labelled / max(1, count.ingested),
            in_flight_most=self._captioner.busy_most,
            dollars_an_hour=dollars / seconds * 3600,
            dollars_1000=dollars / max(1, done) * 1000,
            minutes=self._minutes,
        )


def _most_waiting(minutes: Minutes) -> float:
    sums: list[Any] = [sum(each) for each in zip(*minutes.waiting.values(), strict=True)]
    return max(sums, default=0.0)
