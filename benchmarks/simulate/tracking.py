"""Target tracking as Application Auto Scaling does it, a minute at a time.

An alarm for more tasks needs three datapoints of a minute in a row above the target, one for fewer
fifteen below nine tenths of it. How far a policy scales in is not documented ("more gradually"), so
both readings are there: in proportion to the metric, or a tenth of the tasks at a time.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

OUT_POINTS = 3
IN_POINTS = 15
IN_BELOW = 0.9  # of the target
GRADUAL = 0.1  # of the tasks

ScaleIn = Literal["proportional", "gradual"]


@dataclass(frozen=True)
class Policy:
    """One metric, what it is to be, and the pauses in seconds after a change."""

    metric: str
    target: float
    out_s: float
    in_s: float


class TargetTracking:
    """Policies of one service. Out and in, the one that wants the most tasks has its way."""

    def __init__(
        self,
        policies: Sequence[Policy],
        *,
        least: int,
        most: int,
        scale_in: ScaleIn = "proportional",
    ) -> None:
        self._policies = policies
        self._least = least
        self._most = most
        self._scale_in = scale_in
        self._points: dict[str, deque[float]] = {
            policy.metric: deque(maxlen=IN_POINTS) for policy in policies
        }
        self.wanted = least
        self._before = least  # tasks that the last scale-out began with
        self._out_until = -math.inf
        self._in_until = -math.inf

    def minute(self, now: float, metrics: dict[str, float]) -> int:
        """Take the datapoint that a minute brought for each metric; the tasks wanted from now."""
        for name, value in metrics.items():
            self._points[name].append(value)
        more = [policy for policy in self._policies if self._is_high(policy)]
        if more:
            self._out(now, more)
        elif all(self._is_low(policy) for policy in self._policies) and now >= self._in_until:
            self._in(now)
        return self.wanted

    def _out(self, now: float, policies: Sequence[Policy]) -> None:
        # Within the pause, what was added lately counts as part of what is to be added now.
        base = self._before if now < self._out_until else self.wanted
        wanted = min(self._most, max(self._proportional(policy, base) for policy in policies))
        if wanted > self.wanted:
            self._before = base
            self._out_until = now + max(policy.out_s for policy in policies)
            self.wanted = wanted

    def _in(self, now: float) -> None:
        if self._scale_in == "gradual":
            wanted = self.wanted - max(1, math.floor(self.wanted * GRADUAL))
        else:
            wanted = max(self._proportional(policy, self.wanted) for policy in self._policies)
        wanted = max(self._least, wanted)
        if wanted < self.wanted:
            self._in_until = now + max(policy.in_s for policy in self._policies)
            self.wanted = wanted

    def _proportional(self, policy: Policy, tasks: int) -> int:
        return math.ceil(tasks * self._points[policy.metric][-1] / policy.target)

    def _is_high(self, policy: Policy) -> bool:
        points = list(self._points[policy.metric])[-OUT_POINTS:]
        return len(points) == OUT_POINTS and min(points) > policy.target

    def _is_low(self, policy: Policy) -> bool:
        points = self._points[policy.metric]
        return len(points) == IN_POINTS and max(points) < IN_BELOW * policy.target
