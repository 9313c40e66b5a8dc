"""The circuit of one provider, on a clock of its own."""

from dataclasses import dataclass

from services.captioner.breaker import Breaker


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(failures=3, cooldown=30, clock=clock)
    for _ in range(3):
        fail(breaker)
    return breaker


def fail(breaker: Breaker) -> None:
    ticket = breaker.admit()
    assert ticket is not None
    breaker.failed(ticket)


def succeed(breaker: Breaker) -> None:
    ticket = breaker.admit()
    assert ticket is not None
    breaker.succeeded(ticket)


def test_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(failures=3, cooldown=30, clock=Clock())

    fail(breaker)
    fail(breaker)
    succeed(breaker)
    fail(breaker)
    fail(breaker)

    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"
    assert breaker.admit() is None


def test_lets_exactly_one_trial_through_after_the_cooldown() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 29.9
    assert breaker.admit() is None

    clock.now += 0.1

    assert breaker.state == "half_open"
    assert breaker.admit() is not None
    assert breaker.state == "half_open"
    assert breaker.admit() is None


def test_trial_that_succeeds_closes() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30

    succeed(breaker)

    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "closed"


def test_trial_that_fails_begins_the_cooldown_anew() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30

    fail(breaker)

    clock.now += 29
    assert breaker.state == "open"
    clock.now += 1
    assert breaker.admit() is not None


def test_trial_that_was_cut_off_leaves_room_for_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30
    ticket = breaker.admit()
    assert ticket is not None

    breaker.let_go(ticket)

    assert breaker.state == "half_open"
    assert breaker.admit() is not None


def test_calls_that_began_before_it_opened_are_not_listened_to() -> None:
    clock = Clock()
    breaker = Breaker(failures=2, cooldown=30, clock=clock)
    early, late = breaker.admit(), breaker.admit()
    assert early is not None
    assert late is not None
    fail(breaker)
    fail(breaker)

    breaker.succeeded(early)
    assert breaker.state == "open"

    clock.now += 30
    trial = breaker.admit()
    assert trial is not None
    breaker.failed(late)
    assert breaker.state == "half_open"
    assert breaker.admit() is None
    breaker.succeeded(trial)
    assert breaker.state == "closed"
