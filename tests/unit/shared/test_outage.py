"""Patience with what does not answer."""

import pytest

from shared.errors import DependencyUnavailable, StaleRecord
from shared.outage import Outage, backoff, persist


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Dependency:
    """Down for so many calls."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.failures = failures
        self.error = error or DependencyUnavailable("dynamodb")
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "answer"


@pytest.mark.parametrize(
    ("tries", "least", "most"),
    [
        pytest.param(1, 0.5, 1, id="first"),
        pytest.param(4, 4, 8, id="doubled"),
        pytest.param(400, 15, 30, id="capped"),
    ],
)
def test_waits_double_up_to_a_cap(tries: int, least: float, most: float) -> None:
    waits = [backoff(tries, first=1, most=30) for _ in range(100)]

    assert all(least <= wait <= most for wait in waits)
    assert len(set(waits)) > 50


def test_each_try_that_fails_makes_the_next_wait_longer() -> None:
    clock = Clock()
    outage = Outage(first=1, most=30, clock=clock)
    waits = []
    for _ in range(8):
        clock.now += outage.remaining + 0.1
        began = clock.now
        clock.now += 0.1
        outage.failed(began)
        waits.append(outage.remaining)

    assert all(least <= wait for wait, least in zip(waits, (0.5, 1, 2, 4, 8, 15, 15), strict=False))
    assert max(waits) <= 30


def test_tries_at_the_same_time_fail_as_one() -> None:
    clock = Clock()
    outage = Outage(first=1, most=30, clock=clock)
    began = clock.now
    for _ in range(10):
        clock.now += 0.01
        outage.failed(began)

    assert outage.is_on
    assert outage.remaining <= 1


def test_a_success_that_began_before_the_failure_ends_no_outage() -> None:
    clock = Clock()
    outage = Outage(clock=clock)
    clock.now += 1
    early = clock.now
    clock.now += 1
    outage.failed(early)

    outage.succeeded(early)
    was_on = outage.is_on
    clock.now += 1
    outage.succeeded(clock.now)

    assert was_on
    assert not outage.is_on
    assert outage.remaining == 0


async def test_a_call_is_made_again_until_it_is_answered() -> None:
    dependency = Dependency(failures=2)

    assert await persist(dependency, limit=30) == "answer"
    assert dependency.calls == 3


async def test_the_limit_of_patience_is_the_last_failure() -> None:
    dependency = Dependency(failures=100)

    with pytest.raises(DependencyUnavailable):
        await persist(dependency, limit=1)

    assert 1 <= dependency.calls < 4


async def test_any_other_failure_is_final() -> None:
    dependency = Dependency(failures=1, error=StaleRecord())

    with pytest.raises(StaleRecord):
        await persist(dependency, limit=30)

    assert dependency.calls == 1
