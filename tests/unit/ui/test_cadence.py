from services.ui.cadence import PATIENCE, Cadence, Outage
from tests.unit.ui.clock import Clock


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


def test_many_photos_under_way_are_asked_for_less_often():
    clock = Clock()
    few, many = Cadence(clock), Cadence(clock)

    few.record(news=True, under_way=1)
    many.record(news=True, under_way=100)

    assert few.due_in() < 1.0 < many.due_in() < 3.0


def test_gateway_that_stays_away_is_asked_ever_less_often():
    clock = Clock()
    outage = Outage(clock)
    pauses = []
    for _ in range(6):
        outage.begin()
        pauses.append(outage.due_in())
        clock.now += outage.due_in()

    outage.end()
    outage.begin()

    assert pauses == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert outage.due_in() == 1.0


def test_gateway_is_left_alone_for_as_long_as_it_asks():
    outage = Outage(Clock())

    outage.begin(asked=5.0)

    assert outage.due_in() == 5.0
