from infra.local.backoff import Backoff


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_pauses_grow_to_half_a_minute():
    backoff = Backoff(Clock())

    assert [backoff.pause() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_minute_of_health_starts_over():
    clock = Clock()
    backoff = Backoff(clock)
    backoff.pause()
    backoff.pause()

    backoff.ready()
    clock.now += 60

    assert backoff.pause() == 1


def test_a_chosen_pause_does_not_grow():
    backoff = Backoff(Clock(), always=0.5)

    assert [backoff.pause() for _ in range(5)] == [0.5] * 5


def test_less_than_a_minute_of_health_does_not():
    clock = Clock()
    backoff = Backoff(clock)
    backoff.pause()

    backoff.ready()
    clock.now += 59

    assert backoff.was_ready
    assert backoff.pause() == 2
    assert not backoff.was_ready
