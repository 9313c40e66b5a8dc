"""The pages on the real client and a gateway that answers as the contract says."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from clients.api import CaptionApi
from clients.connection import Patience
from services.ui import sending
from services.ui.batches import Batch, Stage
from tests.unit.ui.fake_gateway import FakeGateway, running
from tests.unit.ui.test_pages import drawn, opened, said

QUICK = sending.Patience(total=5.0, first_pause=0.01, longest_pause=0.02)


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


def sent(client: CaptionApi, *photos: bytes) -> Batch:
    files = [(f"{number}.jpg", data) for number, data in enumerate(photos)]
    batch = Batch(id="drop", items=sending.gathered("drop", files), loaded=True)
    sending.start(batch, client, QUICK).join(10)
    return batch


def test_a_drop_goes_in_and_its_texts_come_out(client, gateway):
    batch = sent(client, jpeg("teal"), jpeg("red"))

    test = opened("caption", client, batches=[batch])

    assert gateway.submits == 2
    assert [card["stage"] for card in drawn(test)] == ["done", "done"]
    assert all(len(card["texts"]) == 3 for card in drawn(test))


def test_the_same_drop_again_is_the_same_photos(client, gateway):
    first, again = sent(client, jpeg()), sent(client, jpeg())

    assert len(gateway.images) == 1
    assert first.items[0].photo is not None
    assert first.items[0].photo == again.items[0].photo


def test_spent_quota_says_when_to_come_back(client, gateway):
    gateway.refuse = (429, "quota_exceeded")

    batch = sent(client, jpeg())

    assert "in 10 minutes" in (batch.items[0].problem or "")


def test_gateway_that_does_not_answer_is_told_so(client, gateway):
    gateway.down = True

    test = opened("history", client)

    assert "goes on by itself" in test.info[0].value


def test_failed_photo_is_tried_again_by_its_button(client, gateway):
    gateway.add(jpeg(), batch="drop", failed_by="timed_out")
    test = opened("caption", client, address={"batch": "drop"})
    before = [card["stage"] for card in drawn(test)]

    test.button[0].click().run()

    assert not test.exception
    assert before == ["failed"]
    assert [card["stage"] for card in drawn(test)] == ["done"]


def test_photo_that_another_page_tried_again_is_refused_in_words(client, gateway):
    image_id = gateway.add(jpeg(), batch="drop", failed_by="timed_out")
    test = opened("caption", client, address={"batch": "drop"})
    gateway.images[image_id]["broken"] = False

    test.button[0].click().run()

    assert "already on its way" in test.warning[0].value


def test_history_finds_by_the_words_of_a_caption(client, gateway):
    gateway.add(jpeg("red"))
    wanted = gateway.add(jpeg("teal"))
    test = opened("history", client)

    test.text_input[0].set_value(gateway.images[wanted]["text"]).run()

    [found] = drawn(test)
    assert [tile["id"] for tile in found["tiles"]] == [wanted]


def test_one_photo_tells_what_is_known_of_it(client, gateway):
    image_id = gateway.add(jpeg())

    test = opened("history", client, address={"image": image_id})

    assert "Stored photo: 40 by 30 pixels" in said(test)
    assert "Written by: local, fake" in said(test)


def test_drops_one_after_the_other_share_their_connections(client, gateway):
    for number in range(6):
        batch = sent(client, *(jpeg(f"#0000{number}{shade}") for shade in "02468ace"))
        assert all(item.stage is Stage.DONE for item in batch.items)

    assert len(gateway.peers) <= 4
