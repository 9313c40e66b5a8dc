"""Whether a long run stays as it is: its last third against its first, once it has warmed up.

The limits are what a run of half an hour can tell from nothing. Memory by 10 MiB an hour is about
600 bytes for a photo at five photos a second, and fills a task of 1 GiB in three days.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.load.watching import Use

WARM_S = 300.0  # caches and pools fill up in the first minutes: nothing is judged of them
# The emulator, the stand-in and what starts them are not ours to judge.
OURS = ("gateway-1", "ingest-1", "captioner-1", "sweeper-1", "ui-1")
WORKING = OURS[:3]
_MIB = 2**20
_MIB_AN_HOUR = 10.0
_FILES, _THREADS = 2.0, 1.0  # more than at first
_CPU, _P50, _P95 = 1.10, 1.10, 1.25  # times what it was at first


@dataclass(frozen=True)
class Drift:
    """One thing that must not grow: medians of the first and the last third, and its limit."""

    what: str
    first: float
    last: float
    drift: float
    unit: str  # of the drift
    at_most: float

    @property
    def is_flat(self) -> bool:
        """Whether it stays within its limit."""
        return self.drift <= self.at_most


def while_photos_came(uses: Sequence[Use], seconds: float) -> list[Use]:
    """What was seen in the run itself: afterwards the generator lists thousands of records."""
    return [use for use in uses if use.at <= seconds]


def drifts(
    uses: Sequence[Use], minutes: Sequence[Mapping[str, float]], cpu: Sequence[Mapping[str, float]]
) -> list[Drift]:
    """What became of everything that is judged; nothing of a run too short to tell.

    ``minutes`` has the latencies of each minute, ``cpu`` what a photo cost in it, by process.
    """
    warm = [use for use in uses if use.at >= WARM_S]
    latencies = list(minutes)[int(WARM_S // 60) :]
    costs = list(cpu)[int(WARM_S // 60) :]
    if min(len(warm), len(latencies), len(costs)) < 3:
        return []
    return [
        *(_memory(warm, name) for name in OURS),
        *(
            _more(f"{name}: open files", [use.open_files[name] for use in warm], _FILES)
            for name in OURS
        ),
        *(
            _more(f"{name}: threads", [use.threads[name] for use in warm], _THREADS)
            for name in OURS
        ),
        *(
            _times(f"{name}: CPU of a photo", [each[name] for each in costs], _CPU)
            for name in WORKING
        ),
        _times("to captions, p50", [each["p50"] for each in latencies], _P50),
        _times("to captions, p95", [each["p95"] for each in latencies], _P95),
    ]


def slope(uses: Sequence[Use], name: str) -> float:
    """MiB an hour by which a process grows after it has warmed up: least squares."""
    warm = [use for use in uses if use.at >= WARM_S]
    if len(warm) < 2:
        return 0.0
    fit = statistics.linear_regression(
        [use.at / 3600 for use in warm], [use.resident_bytes[name] / _MIB for use in warm]
    )
    return fit.slope


def cpu_of_minutes(uses: Sequence[Use], ended: Sequence[float]) -> list[dict[str, float]]:
    """CPU for a photo in each whole minute, ms by process; ``ended`` are the moments of captions.

    The photos of a minute are those that got their captions between the samples that bound it.
    """
    bounds = [
        next((use for use in uses if use.at >= 60 * n), None) for n in range(_minutes(uses) + 1)
    ]
    minutes = []
    for first, last in pairwise(bounds):
        if first is None or last is None:
            break
        photos = sum(first.at <= end < last.at for end in ended)
        minutes.append(
            {
                name: 1000 * (last.cpu_s[name] - first.cpu_s[name]) / max(1, photos)
                for name in first.cpu_s
            }
        )
    return minutes


def _minutes(uses: Sequence[Use]) -> int:
    return int(uses[-1].at // 60) if uses else 0


def _memory(uses: Sequence[Use], name: str) -> Drift:
    first, last = _thirds([use.resident_bytes[name] / _MIB for use in uses])
    return Drift(f"{name}: memory", first, last, slope(uses, name), "MiB an hour", _MIB_AN_HOUR)


def _more(what: str, samples: Sequence[float], at_most: float) -> Drift:
    first, last = _thirds(samples)
    return Drift(what, first, last, last - first, "more", at_most)


def _times(what: str, samples: Sequence[float], at_most: float) -> Drift:
    first, last = _thirds(samples)
    return Drift(what, first, last, last / first if first else 1.0, "times", at_most)


def _thirds(samples: Sequence[float]) -> tuple[float, float]:
    third = len(samples) // 3
    return statistics.median(samples[:third]), statistics.median(samples[-third:])
