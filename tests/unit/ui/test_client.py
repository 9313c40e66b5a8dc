import logging
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from services.ui.client import GatewayClient, NotSignedIn, Refused, Unreachable
from tests.unit.ui.fake_gateway import FakeGateway, running


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with running(FakeGateway()) as gateway:
        yield gateway


@pytest.fixture
def client(gateway: FakeGateway) -> Iterator[GatewayClient]:
    with GatewayClient(gateway.url, "good", timeout=2.0) as client:
        yield client


@pytest.fixture
def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return out.getvalue()


def test_photo_goes_in_and_its_texts_come_out(client, jpeg):
    taken = client.submit(jpeg, "image/jpeg", batch="b", key="k")

    [photo] = client.photos(batch="b").items
    assert photo.image_id == taken.image_id
    assert photo.captions is not None
    assert photo.captions.concise


def test_same_key_is_the_same_photo(client, jpeg):
    first = client.submit(jpeg, "image/jpeg", batch="b", key="k")
    again = client.submit(jpeg, "image/jpeg", batch="b", key="k")

    assert first.image_id == again.image_id


def test_older_pages_follow_the_cursor(client, gateway, jpeg):
    ids = [gateway.add(jpeg) for _ in range(5)]

    newest = client.photos(limit=3)
    older = client.photos(limit=3, cursor=newest.next_cursor)

    assert [photo.image_id for photo in (*newest.items, *older.items)] == ids[::-1]
    assert older.next_cursor is None


def test_refused_token_is_told_apart(gateway):
    with GatewayClient(gateway.url, "stale") as client, pytest.raises(NotSignedIn):
        client.photos()


def test_gateway_without_its_dependencies_is_unreachable(client, gateway):
    gateway.down = True

    with pytest.raises(Unreachable):
        client.photos()


def test_gateway_that_is_gone_is_unreachable():
    with running(FakeGateway()) as gateway:
        url = gateway.url

    with GatewayClient(url, "good", timeout=2.0) as client, pytest.raises(Unreachable):
        client.photos()


def test_refusal_carries_code_and_waiting_time(client, gateway, jpeg):
    gateway.refuse = {"code": "quota_exceeded", "status": 429}

    with pytest.raises(Refused) as caught:
        client.submit(jpeg, "image/jpeg", batch="b", key="k")

    assert caught.value.problem.code == "quota_exceeded"
    assert caught.value.retry_after == 600.0


def test_photo_that_is_not_there_is_refused(client):
    with pytest.raises(Refused) as caught:
        client.photo("../me")

    assert caught.value.status == 404


def test_token_is_in_no_log(client, jpeg, caplog):
    with caplog.at_level(logging.DEBUG):
        client.submit(jpeg, "image/jpeg", batch="b", key="k")

    assert "good" not in caplog.text
