"""Durations as a histogram of fixed buckets, so that counts of many processes can be added up."""

from bisect import bisect_left
from collections.abc import Sequence

# Upper bounds in milliseconds, each about 1.5 times the one before; the last bucket is open.
BOUNDS_MS = (
    *(50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500),
    *(10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000, 900_000),
)
BUCKETS = len(BOUNDS_MS) + 1


def bucket_of(duration_ms: float) -> int:
    """The number of the bucket that ``duration_ms`` falls into."""
    return bisect_left(BOUNDS_MS, duration_ms)


def quantile_ms(counts: Sequence[int], share: float) -> int | None:
    """The duration that ``share`` (0 to 1) of the counted ones don't exceed, interpolated.

    ``None`` where nothing was counted. Past the last bound it is that bound.
    """
    total = sum(counts)
    if not total:
        return None
    rank, below = share * total, 0
    for bucket, count in enumerate(counts[: len(BOUNDS_MS)]):
        if count and below + count >= rank:
            low = BOUNDS_MS[bucket - 1] if bucket else 0
            return round(low + (BOUNDS_MS[bucket] - low) * (rank - below) / count)
        below += count
    return BOUNDS_MS[-1]
