"""The same model with photos as a fluid: a quarter of a second's arrivals move together.

Its cost does not grow with the rate. It knows no chance, so it leaves out the short waits that
random arrivals cause below capacity; those are below a second at the rates where it is used.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.simulate.fleet import MINUTE, Fleet
from benchmarks.simulate.world import (
    FALLBACK_S,
    STAGES,
    Arrivals,
    Bucket,
    Minutes,
    Report,
    Stage,
    World,
    swing,
    weighted_percentile,
)

STEP_S = 0.25
_NOTHING = 1e-9


def on_grid(amount: float, seconds: float) -> list[tuple[float, int]]:
    """Parts that take whole steps, and ``seconds`` on average: rounding up would cost capacity."""
    steps = seconds / STEP_S
    below = max(1, math.floor(steps))
    share = min(1.0, max(0.0, steps - below))
    parts = [(amount * (1 - share), below), (amount * share, below + 1)]
    return [(part, steps) for part, steps in parts if part > _NOTHING]


@dataclass
class Batch:
    """Photos that move together: how many, since when they are here, how long they waited."""

    amount: float
    at: float
    waited: float


@dataclass
class Basin:
    """One stage: what waits, and what is being worked on until when."""

    stage: Stage
    fleet: Fleet
    # Of an amount that begins: (amount, steps) of its parts.
    service: Callable[[float, float], list[tuple[float, int]]]
    waiting: deque[Batch] = field(default_factory=deque)
    working: dict[int, Batch] = field(default_factory=dict)  # by the step at whose end it is done
    depth: float = 0.0
    busy: float = 0.0
    busy_most: float = 0.0
    areas: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def take(self, batches: list[Batch]) -> None:
        """More to do."""
        self.waiting.extend(batches)
        self.depth += sum(batch.amount for batch in batches)

    def step(self, number: int) -> list[Batch]:
        """What is finished in this step; begins what there are slots for."""
        now = number * STEP_S
        done = self.working.pop(number, None)
        if done is not None:
            self.busy = max(0.0, self.busy - done.amount)
            done.at = now
        self._begin(number, self.fleet.running * self.stage.slots - self.busy)
        self.busy_most = max(self.busy_most, self.busy)
        self.areas[0] += self.depth * STEP_S
        self.areas[1] += self.busy * STEP_S
        return [] if done is None else [done]

    def _begin(self, number: int, room: float) -> None:
        now = number * STEP_S
        amount, waits = 0.0, 0.0
        while room > _NOTHING and self.waiting:
            first = self.waiting[0]
            part = min(room, first.amount)
            amount += part
            waits += part * (first.waited + now - first.at)
            room -= part
            first.amount -= part
            if first.amount <= _NOTHING:
                self.waiting.popleft()
        if amount <= _NOTHING:
            return
        self.busy += amount
        self.depth -= amount
        for part, steps in self.service(now, amount):
            batch = self.working.setdefault(number + steps, Batch(0.0, 0.0, 0.0))
            whole = batch.amount + part
            batch.waited = (batch.waited * batch.amount + waits / amount * part) / whole
            batch.amount = whole

    def minute(self, now: float) -> None:
        """Tell the policies how the last minute was."""
        waiting, busy = (area / MINUTE for area in self.areas)
        self.areas = [0.0, 0.0]
        running = max(1, self.fleet.running)
        values = {"backlog": waiting / running, "busy": busy / running / self.stage.slots}
        self.fleet.minute(
            now, {policy.metric: values[policy.metric] for policy in self.stage.policies}
        )


class Flow:
    """A world at work, as ``events.Pipeline``."""

    def __init__(self, world: World, arrivals: Arrivals) -> None:
        self._world = world
        self._arrivals = arrivals
        limits = world.limits
        fleets = world.fleets()
        services = {
            "gateway": self._plain(world.stages[0]),
            "ingest": self._ingested,
            "captioner": self._captioned,
        }
        self.basins = {
            stage.name: Basin(stage, fleets[stage.name], services[stage.name])
            for stage in world.stages
        }
        self._door: deque[Batch] = deque()
        self._writes = Bucket(world.admitted_a_second, max(1.0, world.admitted_a_second))
        self._tokens = Bucket(
            limits.bedrock_tokens_per_minute / 60, limits.bedrock_tokens_per_minute
        )
        self._rekognition = Bucket(limits.rekognition_a_second, limits.rekognition_a_second)
        self._minutes = Minutes()
        self._sums = dict.fromkeys(("arrived", "ingested", "labelled", "degraded", "late"), 0.0)
        self._ends: list[tuple[float, float]] = []  # wait, amount

    def run(self) -> Report:
        """All arrivals; what is inside at the end stays there, and is counted."""
        seconds = self._arrivals.seconds
        for number in range(1, round(seconds / STEP_S) + 1):
            now = number * STEP_S
            self._step(number, seconds)
            if number % round(MINUTE / STEP_S) == 0:
                self._note(now)
        return self._report()

    def _step(self, number: int, seconds: float) -> None:
        now = number * STEP_S
        amount = self._arrivals.rate(now - STEP_S) * STEP_S
        self._sums["arrived"] += amount
        if amount:
            self._door.append(Batch(amount, now, 0.0))
        moving = self._admitted(now)
        for name in STAGES:
            basin = self.basins[name]
            basin.fleet.advance(now)
            basin.take(moving)
            moving = basin.step(number)
        for batch in moving:
            self._ends.append((batch.waited, batch.amount))
            self._sums["late"] += batch.amount * (now > seconds / 2)

    def _admitted(self, now: float) -> list[Batch]:
        through: list[Batch] = []
        while self._door:
            first = self._door[0]
            amount = self._writes.most(now, first.amount)
            if amount > _NOTHING:
                through.append(Batch(amount, now, now - first.at))
            first.amount -= amount
            if first.amount > _NOTHING:
                break
            self._door.popleft()
        return through

    @staticmethod
    def _plain(stage: Stage) -> Callable[[float, float], list[tuple[float, int]]]:
        return lambda _, amount: on_grid(amount, stage.service_s)

    def _ingested(self, now: float, amount: float) -> list[tuple[float, int]]:
        self._sums["ingested"] += amount
        self._sums["labelled"] += self._rekognition.most(now, amount)
        return on_grid(amount, self._world.stages[1].service_s)

    def _captioned(self, now: float, amount: float) -> list[tuple[float, int]]:
        tokens = self._tokens.most(now, amount * self._world.photo.tokens)
        asked = tokens / self._world.photo.tokens
        self._sums["degraded"] += amount - asked
        parts = on_grid(asked, self._world.stages[2].service_s)
        return [*parts, *on_grid(amount - asked, FALLBACK_S)]

    def _note(self, now: float) -> None:
        self._minutes.rate.append(self._arrivals.rate(now - STEP_S))
        for name, basin in self.basins.items():
            basin.minute(now)
            at_door = sum(batch.amount for batch in self._door) if name == "gateway" else 0.0
            self._minutes.waiting[name].append(basin.depth + at_door)
            self._minutes.tasks[name].append(basin.fleet.running)

    def _report(self) -> Report:
        seconds = self._arrivals.seconds
        fleets = {name: basin.fleet for name, basin in self.basins.items()}
        done = sum(amount for _, amount in self._ends)
        dollars = self._world.dollars(fleets, seconds, done)
        waiting = [sum(each) for each in zip(*self._minutes.waiting.values(), strict=True)]
        return Report(
            arrived=self._sums["arrived"],
            done=done,
            inside=self._sums["arrived"] - done,
            done_a_second=self._sums["late"] / (seconds / 2),
            wait_p50=weighted_percentile(self._ends, 50),
            wait_p95=weighted_percentile(self._ends, 95),
            waiting_most=max(waiting, default=0.0),
            waiting_end=waiting[-1] if waiting else 0.0,
            tasks_most={name: fleet.most for name, fleet in fleets.items()},
            tasks_mean={name: fleet.task_s / seconds for name, fleet in fleets.items()},
            swing={name: swing(self._minutes.tasks[name]) for name in fleets},
            degraded=self._sums["degraded"] / max(1.0, done),
            unlabelled=1 - self._sums["labelled"] / max(1.0, self._sums["ingested"]),
            in_flight_most=self.basins["captioner"].busy_most,
            dollars_an_hour=dollars / seconds * 3600,
            dollars_1000=dollars / max(1.0, done) * 1000,
            minutes=self._minutes,
        )

    def held(self) -> float:
        """Photos at the door, in queues and at work: what has not left."""
        inside = sum(
            sum(batch.amount for batch in (*basin.waiting, *basin.working.values()))
            for basin in self.basins.values()
        )
        return inside + sum(batch.amount for batch in self._door)
