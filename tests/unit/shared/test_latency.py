import pytest

from shared.latency import BOUNDS_MS, BUCKETS, bucket_of, quantile_ms


@pytest.mark.parametrize(
    ("duration_ms", "bucket"), [(0, 0), (50, 0), (51, 1), (900_000, BUCKETS - 2), (10**9, -1)]
)
def test_bucket_holds_what_its_bound_does_not_exceed(duration_ms: int, bucket: int) -> None:
    assert bucket_of(duration_ms) == bucket % BUCKETS


def test_nothing_counted_has_no_quantile() -> None:
    assert quantile_ms([0] * BUCKETS, 0.5) is None


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95, 1.0])
def test_quantile_is_within_the_bucket_of_the_true_one(share: float) -> None:
    durations = [3 * number for number in range(1, 2001)]
    counts = [0] * BUCKETS
    for duration in durations:
        counts[bucket_of(duration)] += 1

    estimate = quantile_ms(counts, share)

    true = durations[round(share * len(durations)) - 1]
    assert estimate is not None
    assert abs(bucket_of(estimate) - bucket_of(true)) <= 1
    assert estimate == pytest.approx(true, rel=0.5)  # a bucket is that wide


def test_past_the_last_bound_it_is_that_bound() -> None:
    counts = [0] * BUCKETS
    counts[-1] = 3

    assert quantile_ms(counts, 0.5) == BOUNDS_MS[-1]
