"""What a benchmark says: figures with their spread, the limit of each, and whether it is kept."""

import math
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Standing = Literal["told", "reached", "undecided", "not reached"]

_RESAMPLES = 1000


@dataclass(frozen=True)
class Spread:
    """Five numbers of ``count`` samples."""

    least: float
    lower: float
    median: float
    upper: float
    most: float
    count: int


@dataclass(frozen=True)
class Figure:
    """One number of a row. With no limit it is told, not judged.

    A figure with a ``peer`` is project over peer: above 1 the peer wins. ``noise`` says how
    far off the value may be; without it, the spread does.
    """

    label: str
    value: float
    unit: str
    spread: Spread | None = None
    at_most: float | None = None
    at_least: float | None = None
    peer: str | None = None
    noise: float | None = None

    @property
    def reached(self) -> bool:
        """Whether it is within its limits."""
        above = self.at_most is not None and self.value > self.at_most
        below = self.at_least is not None and self.value < self.at_least
        return not above and not below

    @property
    def judged(self) -> bool:
        """Whether it has a limit at all."""
        return self.at_most is not None or self.at_least is not None

    @property
    def give(self) -> float:
        """Half the width of the interval that the value is known to; 0 if there is one sample.

        Of a median it is 1.57 times the quartiles' distance over the root of the count: the notch
        of a box plot, about nine times of ten. Two medians whose notches don't meet differ, 19
        times of 20 (McGill, Tukey, Larsen: Variations of Box Plots, 1978).
        """
        if self.noise is not None:
            return self.noise
        if self.spread is None:
            return 0.0
        return 1.57 * (self.spread.upper - self.spread.lower) / math.sqrt(self.spread.count)

    @property
    def standing(self) -> Standing:
        """How it stands to its limits: undecided if one is nearer than ``give``."""
        limits = [limit for limit in (self.at_most, self.at_least) if limit is not None]
        if not limits:
            return "told"
        if any(0 < abs(self.value - limit) < self.give for limit in limits):
            return "undecided"
        return "reached" if self.reached else "not reached"


@dataclass(frozen=True)
class Result:
    """What one run of a row measured. ``versions`` names packages, project's and peers'."""

    figures: tuple[Figure, ...]
    versions: Mapping[str, str]
    samples: Mapping[str, Any] = field(default_factory=dict)


def spread(samples: Sequence[float]) -> Spread:
    """The five numbers of at least two samples."""
    lower, median, upper = statistics.quantiles(samples, n=4, method="inclusive")
    return Spread(min(samples), lower, median, upper, max(samples), len(samples))


def percentile(samples: Sequence[float], percent: int) -> float:
    """The sample that ``percent`` per cent are not above, by nearest rank."""
    ranked = sorted(samples)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


def median_of(label: str, samples: Sequence[float], unit: str, **limits: Any) -> Figure:
    """The figure that is the median of ``samples``, with their spread."""
    found = spread(samples)
    return Figure(label, found.median, unit, found, **limits)


def noise_of(value: Callable[[Sequence[T]], float], rounds: Sequence[T]) -> float:
    """The ``noise`` of a value of all ``rounds``: by the bootstrap, rounds drawn again and again.

    Half the distance between the 2.5th and the 97.5th per cent (Efron: Bootstrap Methods, 1979).
    """
    chance = random.Random(0)
    drawn = [value(chance.choices(rounds, k=len(rounds))) for _ in range(_RESAMPLES)]
    cuts = statistics.quantiles(drawn, n=40, method="inclusive")
    return (cuts[-1] - cuts[0]) / 2


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round: neighbours in time share what else the machine was doing."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]
