"""The pages on the real client and a gateway that answers as the contract says."""

import json
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from clients.api import CaptionApi
from clients.connection import Patience
from tests.unit.ui.fake_gateway import FakeGateway, running
from tests.unit.ui.one_run import drawn, opened


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


def test_gateway_that_does_not_answer_is_told_so(client, gateway):
    gateway.down = True

    test = opened("history", client)

    assert "goes on by itself" in test.info[0].value


def test_history_finds_by_the_words_of_a_caption(client, gateway):
    gateway.add(jpeg("red"))
    wanted = gateway.add(jpeg("teal"))
    test = opened("history", client)

    test.text_input[0].set_value(gateway.images[wanted].text).run()

    [found] = drawn(test)
    assert [tile["id"] for tile in found["tiles"]] == [wanted]


def test_one_photo_tells_what_is_known_of_it(client, gateway):
    image_id = gateway.add(jpeg())

    test = opened("history", client, address={"image": image_id})

    told = json.dumps(drawn(test))
    assert "40 by 30 pixels" in told
    assert "fake" in told
