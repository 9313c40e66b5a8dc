"""A service's running tasks: as its policies want them, started no faster than AWS does it."""

from dataclasses import dataclass, field

from benchmarks.simulate.limits import Limits
from benchmarks.simulate.tracking import TargetTracking

MINUTE = 60.0
# From the decision to a task that takes messages: capacity, image, start. Assumed, not measured.
START_S = 60.0


class Launches:
    """When the account's next task may be launched: a bucket of tokens, shared by its services."""

    def __init__(self, limits: Limits) -> None:
        self._rate = limits.launches_a_second
        self._burst = limits.launch_burst
        self._full_at = 0.0  # when the bucket is full again

    def next(self, now: float) -> float:
        """Take a token; when it is there."""
        self._full_at = max(self._full_at, now) + 1 / self._rate
        return max(now, self._full_at - self._burst / self._rate)


@dataclass
class Fleet:
    """One service's tasks. ``task_s`` adds up how long they have run, which is what is paid."""

    tracking: TargetTracking
    launches: Launches
    service_launches_a_minute: float
    running: int = 0
    task_s: float = 0.0
    most: int = 0
    _ready_at: list[float] = field(default_factory=list)
    _at: float = 0.0

    def __post_init__(self) -> None:
        self.running = self.most = self.tracking.wanted

    def minute(self, now: float, metrics: dict[str, float]) -> None:
        """A datapoint of each metric; starts tasks, or stops them, those not yet ready first."""
        wanted = self.tracking.minute(now, metrics)
        while self.running + len(self._ready_at) > wanted and self._ready_at:
            self._ready_at.pop()
        self.advance(now)
        self.running = min(self.running, wanted)
        missing = wanted - self.running - len(self._ready_at)
        for number in range(max(0, missing)):
            # The service's own limit spreads them over the minutes to come.
            own = now + MINUTE * number / self.service_launches_a_minute
            self._ready_at.append(max(own, self.launches.next(now)) + START_S)
        self._ready_at.sort()

    def advance(self, now: float) -> bool:
        """Let tasks become ready that are due; whether there are more of them now."""
        before = self.running
        while self._ready_at and self._ready_at[0] <= now:
            self._count(self._ready_at.pop(0))
            self.running += 1
        self._count(now)
        self.most = max(self.most, self.running)
        return self.running > before

    def _count(self, now: float) -> None:
        self.task_s += self.running * max(0.0, now - self._at)
        self._at = max(self._at, now)
