from typing import Any

import pytest

from clients.problems import ApiError, Refused, Unavailable, Unreachable
from clients.resources import Image
from services.ui import sending, sentences, sign_in
from services.ui.errands import Errands
from tests.unit.ui.clock import Clock
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.telling import parcel, telling

GONE = Unavailable("dependency_unavailable", 503, "")
EXPIRED = Refused("upload_expired", 410, "")


class Sending:
    """An outbox that is told things; every call has been answered when ``tell`` returns."""

    def __init__(self, *faults: ApiError) -> None:
        self.clock = Clock()
        self.client = FakeClient(faults=list(faults))
        self.errands = Errands(self.clock)
        self.photos: list[Image] = []
        self.outbox = sending.Outbox(self.errands, lambda batch, photo: self.photos.append(photo))

    def tell(self, **parcels: Any) -> dict[str, Any]:
        told = telling(parcels=parcels)
        self.outbox.advance(self.client, told)
        self.errands.collect(5.0)
        return self.outbox.answers(told)

    def form(self, **more: Any) -> str:
        return str(self.tell(one=parcel(**more))["one"]["form"]["upload_id"])

    def called(self, name: str) -> list[tuple[Any, ...]]:
        return [call for call in self.client.calls if call[0] == name]


def test_file_gets_one_form_however_often_it_is_told_of():
    desk = Sending()

    first, again = desk.form(), desk.form()

    assert first == again
    assert len(desk.called("begin_upload")) == 1


def test_stored_file_becomes_a_photo_once():
    desk = Sending()
    upload_id = desk.form()

    answers = [desk.tell(one=parcel(stored=upload_id)) for _ in range(2)]

    assert answers == [{"one": {"image": upload_id}}] * 2
    assert [photo.image_id for photo in desk.photos] == [upload_id]
    assert len(desk.called("complete_upload")) == 1


def test_file_stored_by_an_earlier_visit_needs_no_form():
    desk = Sending()
    desk.client.uploads["before"] = {"batch": "b"}

    answer = desk.tell(one=parcel(stored="before"))

    assert answer == {"one": {"image": "before"}}
    assert desk.called("begin_upload") == []


def test_form_that_was_of_no_use_is_replaced():
    desk = Sending()
    first = desk.form()

    second = desk.form(spent=first)

    assert second != first
    assert desk.form(spent=first) == second


@pytest.mark.parametrize("code", ["upload_expired", "upload_missing", "not_found"])
def test_upload_that_came_to_nothing_gets_another_form(code):
    desk = Sending()
    first = desk.form()
    desk.client.faults = [Refused(code, 410, "")]

    desk.tell(one=parcel(stored=first))
    second = desk.form(stored=first)

    assert second != first
    assert desk.tell(one=parcel(stored=second)) == {"one": {"image": second}}


def test_uploads_that_always_come_to_nothing_end_in_a_sentence():
    desk = Sending()
    stored = None
    for _ in range(4):
        stored = desk.form(stored=stored)
        desk.client.faults = [EXPIRED]
        desk.tell(one=parcel(stored=stored))

    assert desk.tell(one=parcel(stored=stored))["one"] == {
        "problem": sentences.UNREACHED,
        "again": True,
        "tries": 0,
    }


def test_spent_quota_says_when_to_come_back_and_is_asked_again_on_request_only():
    desk = Sending(Refused("quota_exceeded", 429, "", retry_after=600.0))

    refused, still = desk.tell(one=parcel()), desk.tell(one=parcel())
    again = desk.tell(one=parcel(tries=1))

    assert "in 10 minutes" in refused["one"]["problem"]
    assert refused == still
    assert refused["one"]["again"]
    assert again["one"]["tries"] == 1
    assert "form" in again["one"]


@pytest.mark.parametrize("code", ["image_too_large", "unsupported_media_type"])
def test_file_that_is_no_photo_is_not_offered_another_try(code):
    answer = Sending(Refused(code, 413, "")).tell(one=parcel())

    assert answer["one"]["again"] is False


def test_gateway_that_comes_back_gets_the_file():
    desk = Sending(GONE, Unreachable("ConnectionError"))

    away = desk.tell(one=parcel())
    too_early = desk.tell(one=parcel())
    desk.clock.now += 1.0
    still_away = desk.tell(one=parcel())
    desk.clock.now += 2.0
    back = desk.tell(one=parcel())

    assert away == too_early == still_away == {}
    assert desk.client.faults == []
    assert "form" in back["one"]
    assert not desk.errands.is_away


def test_gateway_that_is_away_is_tried_with_one_call_at_a_time():
    desk = Sending(GONE)
    desk.tell(one=parcel())
    desk.client.faults = [GONE] * 10
    desk.clock.now += 1.0

    desk.tell(**{str(n): parcel() for n in range(8)})

    assert len(desk.client.faults) == 9


def test_lost_answer_leaves_it_open_which_photo_the_file_is():
    desk = Sending()
    upload_id = desk.form()
    desk.client.faults = [Unreachable("Timeout")]

    desk.tell(one=parcel(stored=upload_id))
    unsure = desk.outbox.unsure()
    desk.clock.now += 1.0
    desk.tell(one=parcel(stored=upload_id))

    assert unsure == {"one"}
    assert desk.outbox.unsure() == frozenset()


def test_ended_session_stops_everything():
    desk = Sending(sign_in.refusal())

    desk.tell(one=parcel())
    desk.tell(one=parcel(), two=parcel())

    assert desk.errands.signed_out
    assert desk.client.calls == []


def test_passing_refusal_is_tried_again():
    desk = Sending(Refused("too_many_uploads", 429, "", retry_after=1.0))

    desk.tell(one=parcel())
    desk.clock.now += 1.0

    assert "form" in desk.tell(one=parcel())["one"]


def test_fault_of_our_own_is_no_end():
    desk = Sending(ValueError("bug"))  # type: ignore[arg-type]

    desk.tell(one=parcel())
    desk.clock.now += 1.0

    assert "form" in desk.tell(one=parcel())["one"]
