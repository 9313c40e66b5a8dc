"""Token buckets in memory."""

from dataclasses import dataclass

from services.gateway.pacing import Pacer


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_burst_then_one_at_a_time() -> None:
    clock = Clock()
    pacer = Pacer(per_minute=60, burst=5, clock=clock)

    admitted = [pacer.wait_for("ana") for _ in range(5)]
    wait = pacer.wait_for("ana")

    assert admitted == [0.0] * 5
    assert wait == 1.0
    clock.now += wait
    assert pacer.wait_for("ana") == 0.0
    assert pacer.wait_for("ana") > 0


def test_refusals_are_not_counted() -> None:
    clock = Clock()
    pacer = Pacer(per_minute=60, burst=1, clock=clock)
    pacer.wait_for("ana")

    waits = {pacer.wait_for("ana") for _ in range(100)}

    assert waits == {1.0}


def test_at_least_one_at_a_time_whatever_the_burst() -> None:
    pacer = Pacer(per_minute=1, burst=0.1, clock=Clock())

    assert pacer.wait_for("ana") == 0.0


def test_the_caller_not_seen_for_longest_is_forgotten_first() -> None:
    pacer = Pacer(per_minute=1, burst=60, callers=2, clock=Clock())
    for caller in ("ana", "bob", "eve"):
        pacer.wait_for(caller)

    assert pacer.wait_for("eve") > 0
    assert pacer.wait_for("ana") == 0.0
