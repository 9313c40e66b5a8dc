"""Adding photos on the real client and a gateway that answers as the contract says."""

import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from clients.api import CaptionApi
from clients.connection import Patience
from clients.resources import DirectUpload
from services.ui.desk import Desk
from tests.unit.ui.clock import Clock
from tests.unit.ui.fake_gateway import FakeGateway, running
from tests.unit.ui.telling import telling


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with running(FakeGateway()) as gateway:
        yield gateway


@pytest.fixture
def client(gateway: FakeGateway) -> Iterator[CaptionApi]:
    with CaptionApi(gateway.url, "good", patience=Patience(attempts=1, timeout=2.0)) as client:
        yield client


def jpeg(colour: str = "teal") -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


class Browser:
    """The script's part of sending: it tells, posts where a form says, and tells again."""

    def __init__(self, client: CaptionApi, desk: Desk, *photos: bytes) -> None:
        self.client, self.desk = client, desk
        self.photos = {f"{number}-{time.monotonic_ns()}": p for number, p in enumerate(photos)}
        self.parcels: dict[str, dict[str, Any]] = {
            i: {"batch": "drop", "type": "image/jpeg", "size": len(photo)}
            for i, photo in self.photos.items()
        }

    def turn(self, **parts: Any) -> dict[str, Any]:
        told = telling(drops=[{"id": "drop"}], parcels=self.parcels, **parts)
        self.desk.turn(self.client, told, within=5.0)
        shown = self.desk.shown(told)
        for parcel_id, answer in shown["parcels"].items():
            self._heed(parcel_id, answer)
        return shown

    def _heed(self, parcel_id: str, answer: dict[str, Any]) -> None:
        parcel = self.parcels[parcel_id]
        if "form" in answer and parcel.get("stored") != answer["form"]["upload_id"]:
            form = DirectUpload.model_validate(answer["form"])
            self.client.post(form, self.photos[parcel_id])
            parcel["stored"] = form.upload_id


def cards(shown: dict[str, Any]) -> list[str]:
    return sorted(card["stage"] for card in shown["cards"])


def test_a_drop_goes_in_and_its_texts_come_out(client, gateway):
    browser = Browser(client, Desk(), jpeg("teal"), jpeg("red"))

    browser.turn()
    shown = browser.turn()

    assert gateway.submits == 2
    assert cards(shown) == ["done", "done"]
    assert all(len(card["texts"]) == 3 for card in shown["cards"])
    assert shown["pause"] is None


def test_told_again_by_a_reloaded_page_it_is_the_same_photo(client, gateway):
    browser = Browser(client, Desk(), jpeg())
    browser.turn()
    browser.turn()

    browser.desk = Desk()
    shown = browser.turn()

    assert len(gateway.images) == 1
    assert [answer["image"] for answer in shown["parcels"].values()] == list(gateway.images)
    assert len(shown["cards"]) == 1


def test_upload_that_took_too_long_is_sent_again(client, gateway):
    browser = Browser(client, Desk(), jpeg())
    browser.turn()
    [upload] = gateway.uploads.values()
    upload.data, upload.expires_at = None, 0.0

    browser.turn()
    browser.turn()
    shown = browser.turn()

    assert cards(shown) == ["done"]
    assert len(gateway.images) == 1


def test_spent_quota_says_when_to_come_back(client, gateway):
    gateway.refuse = (429, "quota_exceeded")

    shown = Browser(client, Desk(), jpeg()).turn()

    [answer] = shown["parcels"].values()
    assert "in 10 minutes" in answer["problem"]


def test_list_that_has_not_changed_is_answered_with_304(client, gateway):
    gateway.step_s = 60.0
    clock = Clock()
    browser = Browser(client, Desk(clock), jpeg())
    browser.turn()
    seen = browser.turn()["number"]
    asked = gateway.lists
    news = []
    for _ in range(3):
        clock.now += 5.0
        news += browser.turn(desk=browser.desk.id, seen=seen)["cards"]

    assert gateway.lists == asked + 3
    assert news == []
    assert browser.desk.batches["drop"].etag is not None


def test_photo_that_another_page_tried_again_is_refused_in_words(client, gateway):
    image_id = gateway.add(jpeg(), batch="drop", failed_by="timed_out")
    browser = Browser(client, Desk())
    browser.turn()
    gateway.images[image_id].code = None

    [card] = browser.turn(retries={image_id: 1})["cards"]

    assert "already on its way" in card["problem"]


def test_gateway_that_does_not_answer_is_told_so(client, gateway):
    gateway.down = True

    assert Browser(client, Desk(), jpeg()).turn()["away"]


def test_drops_one_after_the_other_share_their_connections(client, gateway):
    desk = Desk()
    for number in range(6):
        browser = Browser(client, desk, *(jpeg(f"#0000{number}{shade}") for shade in "02468ace"))
        browser.turn()
        browser.turn()

    assert cards(desk.shown(telling())) == ["done"] * 48
    # Four for the desk's errands, one for this test's own posts.
    assert len(gateway.peers) <= 5
