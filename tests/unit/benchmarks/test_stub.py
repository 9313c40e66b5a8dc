"""The stub of AWS says what AWS would, in what our services look at."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import RawTestServer

from benchmarks.stub.expressions import Scope, condition
from benchmarks.stub.server import Stub
from benchmarks.stub.tables import Tables
from shared.aws import aws_session, client_config, s3_config
from shared.contracts import CaptionOptions, ImageUploaded
from shared.control_items import ControlItems
from shared.controls import Controls
from shared.errors import StaleRecord
from shared.item_store import ItemStore
from shared.items import to_item
from shared.object_store import ObjectStore
from shared.publisher import Publisher
from shared.record_store import RecordStore
from shared.records import ImageRecord, Status

HASH_KEY = b"h" * 32
IMAGE_ID = "01a206fa-b1db-73d9-9b65-5e47cda17b77"
NOW = 1_800_000_000.0


def record(image_id: str) -> ImageRecord:
    written = "2026-11-23T06:00:00.000Z"
    return ImageRecord(
        user_id="ana",
        image_id=image_id,
        status=Status.QUEUED,
        job=f"job of {image_id}",
        check_at=NOW,
        ttl=int(NOW) + 3600,
        timestamp=written,
        updated_at=written,
        hop_started_at=written,
        upload_key=f"incoming/ana/{image_id}",
    )


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A stub with workers, where clients of AWS go."""
    async with RawTestServer(Stub(workers=True).answer) as server:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", str(server.make_url("")).rstrip("/"))
        yield str(server.make_url(""))


@pytest.fixture
async def dynamodb(endpoint: str) -> AsyncIterator[Any]:
    async with aws_session().client("dynamodb", config=client_config(connections=4)) as client:
        yield client


@pytest.fixture
def records(dynamodb: Any) -> RecordStore:
    control = ControlItems(ItemStore(dynamodb, "t"), HASH_KEY)
    return RecordStore(dynamodb, "t", control=control, clock=lambda: NOW)


async def test_a_record_is_stored_once_and_found(records: RecordStore) -> None:
    await records.create(record("a"))

    assert await records.get("ana", "a") == record("a")
    assert await records.get("ana", "b") is None
    with pytest.raises(StaleRecord):
        await records.create(record("a"))


async def test_history_comes_newest_first_in_pages(records: RecordStore) -> None:
    for image_id in "bdac":
        await records.create(record(image_id))

    first = await records.page("ana", limit=3)
    second = await records.page("ana", limit=3, position=first.position)

    assert [it.image_id for it in first.records] == ["d", "c", "b"]
    assert [it.image_id for it in second.records] == ["a"]
    assert second.position is None
    assert (await records.page("ana", limit=3, status=Status.FAILED)).records == []


async def test_quota_is_spent_by_the_condition_of_the_write(dynamodb: Any) -> None:
    def gateway() -> Controls:  # with no memory of the others' spending
        return Controls(
            dynamodb, "t", hash_key=HASH_KEY, limit=60, window=3600, lifetime=1, clock=lambda: NOW
        )

    left = [(await gateway().spend("ana")).bucket.remaining for _ in range(3)]

    assert left == [59, 58, 57]
    await gateway().refund("ana")
    assert (await gateway().bucket("ana")).remaining == 58


async def test_what_is_sent_is_taken_up_by_the_workers(records: RecordStore) -> None:
    await records.create(record(IMAGE_ID))
    message = ImageUploaded(
        user_id="ana",
        image_id=IMAGE_ID,
        job=record(IMAGE_ID).job,
        epoch=0,
        upload_key=record(IMAGE_ID).upload_key,
        options=CaptionOptions(),
    )
    async with (
        aws_session().client("sqs", config=client_config(connections=1)) as sqs,
        Publisher(sqs, "http://stub/000000000000/ingest") as publisher,
    ):
        await publisher.publish(message)

    found = await records.get("ana", IMAGE_ID)
    assert found is not None
    assert found.status is Status.INGESTING
    assert found.claimed_at is not None


async def test_objects_are_read_as_they_were_put(endpoint: str) -> None:
    async with aws_session().client("s3", config=s3_config(connections=1)) as s3:
        objects = ObjectStore(s3, "photos")
        version = await objects.put("k", b"bytes", content_type="image/jpeg")

        assert version is not None
        assert await objects.read("k", limit=10) == b"bytes"
        with pytest.raises(StaleRecord):
            await objects.read("other", limit=10)


def test_items_that_are_loaded_are_found_by_their_keys() -> None:
    tables = Tables()

    tables.load([to_item(record("a"))])

    assert tables.calls["GetItem"]({"Key": to_item(record("a"))}) == {"Item": to_item(record("a"))}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("attribute_not_exists(#n) OR n < :five", True),
        ("attribute_exists(n) AND (n >= :five OR n = :text)", False),
        ("n IN (:five, :two)", True),
        ("n BETWEEN :two AND :five AND NOT n = :five", True),
        ("absent = :two", False),
        ("begins_with(s, :text)", True),
    ],
)
def test_conditions_hold_as_in_dynamodb(text: str, *, holds: bool) -> None:
    values = {":two": {"N": "2.0"}, ":five": {"N": "5"}, ":text": {"S": "t"}}
    item = {"n": {"N": "2"}, "s": {"S": "text"}}

    assert condition(text)(Scope(item, {"#n": "absent"}, values)) is holds


@pytest.mark.parametrize("text", ["size(n) > :x", "n =", "n = :x n", "contains(s, :x)"])
def test_an_expression_that_we_never_write_is_not_guessed_at(text: str) -> None:
    with pytest.raises(NotImplementedError):
        condition(text)
