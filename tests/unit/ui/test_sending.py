import pytest

from clients.problems import Refused, Unavailable, Unreachable
from services.ui import sending, sentences, sign_in
from services.ui.batches import Batch, Stage
from tests.unit.ui.fake_client import FakeClient

GONE = Unavailable("dependency_unavailable", 503, "")
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)
QUICK = sending.Patience(total=5.0, first_pause=0.01, longest_pause=0.02)


def drop(*files: tuple[str, bytes]) -> Batch:
    return Batch(id="drop", items=sending.gathered("drop", files), loaded=True)


def send(batch: Batch, client: FakeClient, patience: sending.Patience = QUICK) -> None:
    sending.start(batch, client, patience).join(10)


def test_photos_are_handed_in_and_their_bytes_let_go():
    client = FakeClient()
    batch = drop(("a.jpg", JPEG + b"a"), ("b.jpg", JPEG + b"b"))

    send(batch, client)

    assert [item.stage for item in batch.items] == [Stage.WAITING, Stage.WAITING]
    assert all(item.data is None for item in batch.items)
    assert client.submitted == ["image/jpeg", "image/jpeg"]


def test_same_photo_twice_in_a_drop_is_one_photo():
    batch = drop(("a.jpg", JPEG), ("copy of a.jpg", JPEG))

    assert [item.name for item in batch.items] == ["a.jpg"]


def test_key_depends_on_drop_and_content():
    assert sending.key_of("x", JPEG) == sending.key_of("x", JPEG)
    assert sending.key_of("x", JPEG) != sending.key_of("y", JPEG)
    assert sending.key_of("x", JPEG) != sending.key_of("x", JPEG + b"!")


def test_file_that_is_no_photo_is_never_sent():
    client = FakeClient()
    batch = drop(("notes.txt", b"hello"))

    send(batch, client)

    assert batch.items[0].stage is Stage.UNSENT
    assert client.submitted == []


def test_gateway_that_comes_back_gets_the_photo():
    client = FakeClient(faults=[GONE, Unreachable("ConnectionError")])
    batch = drop(("a.jpg", JPEG))

    send(batch, client)

    assert batch.items[0].stage is Stage.WAITING
    assert not batch.held_up


def test_gateway_that_stays_away_is_not_asked_for_ever():
    client = FakeClient(faults=[GONE] * 100)
    batch = drop(("a.jpg", JPEG))

    send(batch, client, sending.Patience(total=0.05, first_pause=0.01, longest_pause=0.02))

    assert batch.items[0].problem == sentences.UNREACHED
    assert batch.items[0].data is None


def test_spent_quota_says_when_to_come_back():
    refused = Refused("quota_exceeded", 429, "", retry_after=600.0)
    batch = drop(("a.jpg", JPEG))

    send(batch, FakeClient(faults=[refused]))

    assert "in 10 minutes" in (batch.items[0].problem or "")


def test_ended_session_stops_the_whole_drop():
    client = FakeClient(faults=[sign_in.refusal()] * 8)
    batch = drop(*((f"{i}.jpg", JPEG + bytes([i])) for i in range(8)))

    send(batch, client)

    assert batch.signed_out
    assert {item.problem for item in batch.items} == {sentences.SIGNED_OUT}
    assert client.submitted == []


@pytest.mark.parametrize("code", ["idempotency_in_flight", "too_many_uploads"])
def test_passing_refusal_is_tried_again(code):
    client = FakeClient(faults=[Refused(code, 409, "", retry_after=0.0)])
    batch = drop(("a.jpg", JPEG))

    send(batch, client)

    assert batch.items[0].stage is Stage.WAITING
