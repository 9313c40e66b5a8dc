"""What keeps failing is spared, and so are the photos that would wait for it."""

from dataclasses import dataclass

import pytest

from services.ingest.labels import Pause


@dataclass
class Clock:
    now: float = 0.0  # seconds

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pause(clock: Clock) -> Pause:
    return Pause(after=3, length=30, clock=clock)


def fail(pause: Pause, times: int) -> None:
    for _ in range(times):
        assert pause.allows_call()
        pause.failed()


def test_fewer_failures_than_the_limit_change_nothing(pause: Pause) -> None:
    fail(pause, 2)

    assert pause.allows_call()


def test_failures_in_a_row_begin_a_pause(pause: Pause) -> None:
    fail(pause, 3)

    assert not pause.allows_call()


def test_an_answer_in_between_starts_the_count_again(pause: Pause) -> None:
    fail(pause, 2)
    pause.succeeded()
    fail(pause, 2)

    assert pause.allows_call()


def test_after_the_pause_one_call_tries(pause: Pause, clock: Clock) -> None:
    fail(pause, 3)
    clock.now += 30

    assert [pause.allows_call() for _ in range(3)] == [True, False, False]


def test_a_try_that_fails_begins_the_next_pause(pause: Pause, clock: Clock) -> None:
    fail(pause, 3)
    clock.now += 30
    fail(pause, 1)
    clock.now += 29

    assert not pause.allows_call()


def test_a_try_that_is_never_heard_of_again_is_not_the_last(pause: Pause, clock: Clock) -> None:
    fail(pause, 3)
    clock.now += 30
    pause.allows_call()
    clock.now += 30

    assert pause.allows_call()


def test_a_try_that_is_answered_ends_the_pause(pause: Pause, clock: Clock) -> None:
    fail(pause, 3)
    clock.now += 30
    pause.allows_call()
    pause.succeeded()

    assert [pause.allows_call() for _ in range(3)] == [True] * 3


def test_calls_that_were_under_way_do_not_prolong_it(pause: Pause, clock: Clock) -> None:
    fail(pause, 3)
    clock.now += 20
    pause.failed()
    clock.now += 10

    assert pause.allows_call()
