from services.ui.cadence import PATIENCE, Cadence


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def pauses(cadence: Cadence, clock: Clock, *, news: list[bool]) -> list[float]:
    found = []
    for new in news:
        cadence.record(news=new)
        start = clock.now
        while not cadence.is_due():
            clock.now += 0.25
        found.append(clock.now - start)
    return found


def test_first_look_is_due_at_once():
    assert Cadence(Clock()).is_due()


def test_pauses_grow_while_nothing_moves_and_shrink_when_something_does():
    clock = Clock()
    cadence = Cadence(clock)

    quiet = pauses(cadence, clock, news=[False] * 12)
    after_news = pauses(cadence, clock, news=[True])

    assert quiet == sorted(quiet)
    assert quiet[-1] > 4
    assert after_news[0] <= 1


def test_patience_ends_without_news_and_begins_anew_when_asked():
    clock = Clock()
    cadence = Cadence(clock)
    clock.now = PATIENCE + 1
    assert cadence.is_exhausted()

    cadence.restart()

    assert not cadence.is_exhausted()
    assert cadence.is_due()
