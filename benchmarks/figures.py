"""What a benchmark says: figures with their spread, the limit of each, and whether it is kept."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


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

    A figure with a ``peer`` is project over peer: above 1 the peer wins.
    """

    label: str
    value: float
    unit: str
    spread: Spread | None = None
    at_most: float | None = None
    at_least: float | None = None
    peer: str | None = None

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


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round: neighbours in time share what else the machine was doing."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]
