import threading

import pytest

from clients.problems import NotSignedIn, Refused, Unavailable
from services.ui import sign_in
from services.ui.views.admin_watch import Watch
from tests.unit.ui.clock import Clock
from tests.unit.ui.fake_admin import FakeAdmin

GONE = Unavailable("dependency_unavailable", 503, "")
FORBIDDEN = Refused("forbidden", 403, "Only for members of `admins`.")


class CountingAdmin(FakeAdmin):
    """Notes each look; ``slow`` holds the history back until it is set."""

    def __init__(self):
        super().__init__()
        self.looks = []
        self.slow = None

    def queues(self):
        self.looks.append("queues")
        return super().queues()

    def queue_history(self, *, hours=6):
        self.looks.append("history")
        if self.slow is not None:
            self.slow.wait(10)
        return super().queue_history(hours=hours)

    def usage(self, *, days=7):
        self.looks.append(f"usage {days}")
        return super().usage(days=days)

    def dead_letters(self, queue, *, limit=20):
        self.looks.append(f"letters {queue}")
        return super().dead_letters(queue, limit=limit)


def looked(watch, *, days=7):
    """A look, and another one for the letters that it led to."""
    watch.look(days=days)
    while watch.is_waiting:
        watch.look(days=days)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def api():
    return CountingAdmin()


@pytest.fixture
def watch(api, clock):
    return Watch(api, clock)


def test_a_look_knows_everything(watch):
    looked(watch)

    assert watch.queues is not None
    assert watch.history
    assert watch.providers is not None
    assert watch.usage is not None
    assert watch.letters("caption") is not None
    assert watch.letters("ingest") is None


def test_looks_that_come_too_early_ask_nothing(watch, api):
    looked(watch)
    asked = len(api.looks)

    looked(watch)

    assert len(api.looks) == asked


def test_what_moves_slowly_is_asked_less_often(watch, api, clock):
    looked(watch)
    api.looks.clear()

    for _ in range(4):
        clock.now += 10
        looked(watch)

    assert api.looks.count("queues") == 4
    assert api.looks.count("usage 7") == 1
    assert api.looks.count("history") == 0
    assert api.looks.count("letters caption") == 0


def test_other_letters_are_read_at_once(watch, api, clock):
    looked(watch)
    api.operations.letters["caption"].pop()
    api.looks.clear()

    clock.now += 10
    looked(watch)

    assert api.looks.count("letters caption") == 1
    letters = watch.letters("caption")
    assert letters is not None
    assert len(letters.items) == 2


def test_more_days_are_asked_for_at_once_and_fewer_are_there(watch, api):
    looked(watch, days=7)

    looked(watch, days=30)
    looked(watch, days=7)

    assert [look for look in api.looks if look.startswith("usage")] == ["usage 7", "usage 30"]


def test_a_gateway_that_is_away_is_asked_less_and_less(watch, api, clock):
    looked(watch)
    pauses = []

    for _ in range(5):
        api.faults = [GONE] * 9
        clock.now += 60
        looked(watch)
        pauses.append(watch.pause())

    assert watch.away
    assert pauses == [5, 10, 20, 40, 60]
    assert watch.queues is not None


def test_its_return_is_noticed(watch, api, clock):
    api.faults = [GONE] * 4
    looked(watch)
    assert watch.away
    api.faults = []

    clock.now += 5
    looked(watch)

    assert not watch.away
    assert watch.pause() <= 10


def test_a_slow_answer_does_not_hold_up_the_others(watch, api, clock):
    api.slow = threading.Event()

    watch.look(days=7)

    assert watch.queues is not None
    assert watch.history is None
    assert watch.pause() < 2
    api.slow.set()
    looked(watch)
    assert watch.history


def test_others_than_operators_are_told_and_asked_no_more(watch, api, clock):
    api.faults = [FORBIDDEN] * 4
    looked(watch)
    assert watch.forbidden
    api.looks.clear()

    clock.now += 60
    looked(watch)

    assert api.looks == []


def test_an_older_gateway_without_a_history_is_no_trouble(watch, api, clock, monkeypatch):
    def missing(*, hours=6):
        raise Refused("not_found", 404, "There is nothing here.")

    monkeypatch.setattr(api, "queue_history", missing)

    looked(watch)

    assert not watch.away
    assert not watch.forbidden
    assert watch.history is None
    assert watch.queues is not None


def test_a_refused_token_is_raised_whoever_met_it(watch, api):
    api.faults = [sign_in.refusal()]
    watch.act(lambda: api.redrive("caption").status, about="letters-caption")

    with pytest.raises(NotSignedIn):
        watch.look(days=7)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (GONE, "did not answer"),
        (FORBIDDEN, "group of administrators"),
        (Refused("rate_limited", 429, ""), "in a minute"),
        (Refused("not_found", 404, ""), "no longer there"),
        (Refused("not_confirmed", 422, ""), "did not accept"),
    ],
    ids=["away", "forbidden", "too often", "gone", "other"],
)
def test_what_could_not_be_done_is_said(watch, api, fault, words):
    api.faults = [fault]

    watch.act(lambda: api.redrive("caption").status, about="x")

    assert words in watch.notices["x"].text
    assert not watch.notices["x"].is_good


def test_after_an_action_everything_is_looked_at_anew(watch, api):
    looked(watch)
    api.looks.clear()

    watch.act(lambda: "Done.", about="x")
    looked(watch)

    assert watch.notices["x"].is_good
    assert {"queues", "history", "usage 7", "letters caption"} <= set(api.looks)
