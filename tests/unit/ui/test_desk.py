from threading import Event
from typing import Any

import pytest

from clients.problems import Refused, Unavailable
from clients.resources import Image, Page
from services.ui.desk import Desk
from services.ui.told import Told
from tests.unit.ui.clock import Clock
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.samples import completed, failed, image
from tests.unit.ui.telling import parcel, telling

GONE = Unavailable("dependency_unavailable", 503, "")


class Session:
    """A desk and the one who tells it things; calls have been answered when ``tell`` returns."""

    def __init__(self, *photos: Image) -> None:
        self.clock = Clock()
        self.client = FakeClient()
        self.desk = Desk(self.clock)
        for photo in photos:
            self.client.add(photo)

    def tell(self, told: Told | None = None, *, later: float = 0.0, **parts: Any) -> dict[str, Any]:
        self.clock.now += later
        told = told or telling(**parts)
        self.desk.turn(self.client, told, within=5.0)
        return self.desk.shown(told)

    def change(self, image_id: str, status: str) -> None:
        known = self.client.known[image_id]
        news = {"status": status, "version": known.version + 1}
        self.client.add(known.model_copy(update=news))


class LateClient(FakeClient):
    """Reads a list at once, and gives it when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read, self.may_answer = Event(), Event()

    def images(self, **asked: Any) -> Page:
        page = super().images(**asked)
        self.is_read.set()
        self.may_answer.wait(5.0)
        return page


def test_card_is_sent_until_it_has_been_seen():
    session = Session(completed("a", batch="b"))

    first, unseen = session.tell(), session.tell()
    seen = session.tell(desk=session.desk.id, seen=first["number"])

    assert [card["id"] for card in first["cards"]] == ["a"]
    assert unseen["cards"] == first["cards"]
    assert seen["cards"] == []


def test_browser_that_saw_another_desk_gets_everything():
    session = Session(completed("a", batch="b"))
    session.tell()

    shown = session.tell(desk="before the restart", seen=1000)

    assert [card["id"] for card in shown["cards"]] == ["a"]


def test_only_what_moved_is_sent():
    session = Session(*(image(str(n), "queued", batch="b") for n in range(3)))
    first = session.tell()
    session.change("1", "captioning")

    news = session.tell(later=2.0, desk=session.desk.id, seen=first["number"])

    assert [(card["id"], card["stage"]) for card in news["cards"]] == [("1", "captioning")]


def test_list_that_has_not_changed_is_not_read_again():
    session = Session(image("a", "queued", batch="b"))

    session.tell()
    etag = session.desk.batches["b"].etag
    shown = session.tell(later=2.0)

    assert etag is not None
    assert len(session.client.listed) == 2
    assert session.desk.batches["b"].etag == etag
    assert shown["pause"] > 0


def test_finished_batch_asks_no_more():
    session = Session(completed("a", batch="b"))

    pauses = [session.tell(later=60.0)["pause"] for _ in range(3)]

    assert pauses == [None] * 3
    assert len(session.client.listed) == 1


def test_hidden_page_asks_nothing_and_looks_at_once_when_it_is_seen_again():
    session = Session(image("a", "queued", batch="b"))
    session.tell()

    hidden = session.tell(later=60.0, visible=False)
    asked = len(session.client.listed)
    session.tell(visible=True)

    assert hidden["pause"] is None
    assert asked == 1
    assert len(session.client.listed) == 2


def test_hidden_page_goes_on_sending():
    session = Session()

    shown = session.tell(visible=False, parcels={"one": parcel()})

    assert "form" in shown["parcels"]["one"]


def test_photo_that_was_just_sent_is_not_listed_a_second_time():
    session = Session()
    upload_id = session.tell(parcels={"one": parcel()})["parcels"]["one"]["form"]["upload_id"]

    shown = session.tell(later=2.0, parcels={"one": parcel(stored=upload_id)})

    assert [card["id"] for card in shown["cards"]] == [upload_id]


def test_page_that_is_opened_again_leaves_out_what_was_deleted_meanwhile():
    session = Session(completed("a", batch="b"), completed("c", batch="b"))
    session.tell(mounts=1)
    session.client.delete("a")

    shown = session.tell(mounts=2)

    assert shown["gone"] == ["a"]
    assert [card["id"] for card in shown["cards"]] == ["c"]


def test_batch_that_does_not_move_is_left_until_somebody_asks():
    session = Session(image("a", "queued", batch="b"))
    session.tell()

    stalled = session.tell(later=16 * 60.0)
    asked = len(session.client.listed)
    woken = session.tell(looks=1)

    assert stalled["batches"] == [{"id": "b", "loaded": True, "stalled": True}]
    assert stalled["pause"] is None
    assert woken["batches"][0]["stalled"] is False
    assert len(session.client.listed) == asked + 1


def test_what_another_tab_added_last_is_shown_once_that_tab_is_done():
    session = Session()
    nothing = session.tell(drops=[{"id": "b", "elsewhere": True}])
    session.client.add(completed("a", batch="b"))

    shown = session.tell(drops=[{"id": "b"}], looks=1)

    assert nothing["cards"] == []
    assert [card["id"] for card in shown["cards"]] == ["a"]


def test_answer_from_before_somebody_asked_does_not_count_as_the_look():
    session = Session()
    session.client = late = LateClient()
    session.desk.turn(late, telling(), within=0)
    assert late.is_read.wait(5.0)
    late.add(completed("a", batch="b"))
    session.desk.turn(late, telling(looks=1), within=0)
    late.may_answer.set()

    session.tell(looks=1)
    shown = session.tell(later=2.0, looks=1)

    assert [card["id"] for card in shown["cards"]] == ["a"]


def test_gateway_away_is_told_and_the_retry_is_not_forgotten():
    session = Session(failed("a", batch="b", code="timed_out", retryable=True))
    session.tell()
    session.client.faults = [GONE]

    away = session.tell(retries={"a": 1})
    session.tell(later=2.0, retries={"a": 1})

    assert away["away"]
    assert away["pause"] > 0
    assert session.client.retried == ["a"]


def test_newest_drop_is_the_one_for_the_address():
    session = Session()
    session.desk.open("addressed")
    session.tell(Told())
    before = session.desk.newest

    session.tell(drops=[{"id": "new", "options": {}}, {"id": "addressed", "options": {}}])

    assert (before, session.desk.newest) == ("addressed", "new")


def test_batch_that_can_not_be_listed_is_one_without_photos():
    session = Session()
    session.client.faults = [Refused("invalid_cursor", 400, "")]

    shown = session.tell()

    assert shown["batches"] == [{"id": "b", "loaded": True, "stalled": False}]


@pytest.mark.parametrize("count", [50, 100])
def test_drop_of_many_needs_few_calls(count):
    session = Session(*(image(f"{n:03}", "queued", batch="b") for n in range(count)))
    statuses = iter([s for _ in range(count) for s in ("ingesting", "captioning", "completed")])
    moved = 0
    shown = session.tell()
    while shown["pause"] is not None:
        # A photo takes two seconds in all: slower than the local model, with as many workers.
        session.clock.now += shown["pause"]
        while moved < min(session.clock.now * 1.5, 3 * count):
            session.change(f"{moved // 3:03}", next(statuses))
            moved += 1
        shown = session.tell(desk=shown["desk"], seen=shown["number"])

    assert len(session.client.listed) / count + 2 < 6
