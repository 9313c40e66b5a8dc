"""A page of the history, read and kept up with."""

import pytest

from clients.problems import Unavailable
from services.ui import past
from services.ui.cadence import Cadence
from services.ui.look import Look, Wanted
from services.ui.past import Shown
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.samples import completed, image


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def read(client: FakeClient, look: Look, clock: Clock) -> Shown:
    shown = past.read(client, look)
    shown.cadence = Cadence(clock)
    clock.now += 60
    return shown


def test_page_keeps_its_photos_and_their_order_while_they_move():
    client, clock = FakeClient(), Clock()
    client.add(image("b", "queued"))
    client.add(completed("a"))
    shown = read(client, Look(), clock)

    client.add(completed("b").model_copy(update={"version": 2}))
    client.add(completed("c"))
    past.keep_up(client, shown)

    assert [(photo.image_id, photo.status) for photo in shown.photos] == [
        ("b", "completed"),
        ("a", "completed"),
    ]


def test_older_answer_that_comes_late_changes_nothing():
    newer = completed("a").model_copy(update={"version": 3})
    shown = Shown(Look(), [newer])

    assert not shown.fold([image("a", "captioning")])
    assert shown.photos == [newer]


def test_photos_that_left_the_filter_are_followed_to_their_end():
    client, clock = FakeClient(), Clock()
    client.add(image("a", "captioning"))
    shown = read(client, Look(wanted=Wanted.WORKING), clock)

    client.add(completed("a").model_copy(update={"version": 2}))
    past.keep_up(client, shown)

    assert [photo.status for photo in shown.photos] == ["completed"]


def test_one_call_a_cycle_and_none_once_all_are_settled():
    client, clock = FakeClient(), Clock()
    client.add(image("a", "queued"))
    shown = read(client, Look(), clock)
    client.listed.clear()

    past.keep_up(client, shown)
    past.keep_up(client, shown)
    asked_once = len(client.listed)
    client.add(completed("a").model_copy(update={"version": 2}))
    for _ in range(3):
        clock.now += 60
        past.keep_up(client, shown)

    assert (asked_once, len(client.listed)) == (1, 2)


def test_unanswered_call_is_not_repeated_at_once():
    client, clock = FakeClient(), Clock()
    client.add(image("a", "queued"))
    shown = read(client, Look(), clock)
    client.faults = [Unavailable("dependency_unavailable", 503, "")]

    with pytest.raises(Unavailable):
        past.keep_up(client, shown)

    assert not shown.cadence.is_due()
