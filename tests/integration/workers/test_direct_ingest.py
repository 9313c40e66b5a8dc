"""What ingest makes of uploads that the gateway never saw, and what it leaves for another try."""

import hashlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.gateway.identifiers import ImageIds
from services.ingest.budget import PixelBudget
from services.ingest.decode import Limits
from services.ingest.settings import Settings
from services.ingest.worker import IngestWorker
from shared.consumer import Delivery
from shared.contracts import ImageUploaded
from shared.hops import message_of
from shared.object_store import upload_key
from shared.publisher import Publisher
from shared.records import MAX_ATTEMPTS, ImageRecord, Status
from shared.working import Tools, worker_tools
from tests.integration.gateway.conftest import clients, provision
from tests.photos import real_photo

NOW = "2026-11-22T12:00:00.000Z"
USER = "ana"
_ids = ImageIds()


class Ingest:
    """A worker and its tools."""

    def __init__(self, tools: Tools, publisher: Publisher, executor: ThreadPoolExecutor) -> None:
        self.tools = tools
        self.publisher = publisher
        self.worker = IngestWorker(
            tools,
            publisher=publisher,
            executor=executor,
            budget=PixelBudget(100_000_000),
            limits=Limits(),
        )

    async def upload(self, image_id: str, data: bytes) -> str:
        """Put ``data`` where the image's upload belongs; the version."""
        put = await self.tools.objects.s3.put_object(
            Bucket=self.tools.objects.bucket, Key=upload_key(USER, image_id), Body=data
        )
        return str(put["VersionId"])

    async def ingested(self, image_id: str, **changes: Any) -> ImageRecord:
        """The record of an upload that is there, after ingest."""
        record = ImageRecord.model_validate(
            {
                "user_id": USER,
                "image_id": image_id,
                "status": Status.QUEUED,
                "job": "j",
                "ttl": 4_000_000_000,
                "timestamp": NOW,
                "updated_at": NOW,
                "hop_started_at": NOW,
                "upload_key": upload_key(USER, image_id),
            }
            | changes
        )
        await self.tools.records.create(record)
        message = message_of(record)
        assert isinstance(message, ImageUploaded)
        await self.worker.handle(Delivery(message, 1))
        after = await self.tools.records.get(USER, image_id)
        assert after is not None
        return after

    async def is_there(self, image_id: str) -> bool:
        """Whether the upload is."""
        return await self.tools.objects.newest(upload_key(USER, image_id)) is not None


@pytest.fixture(scope="session")
async def ingest(aws: str) -> AsyncIterator[Ingest]:
    async with clients(aws) as made:
        resources = await provision(made)
    settings = Settings(
        images_bucket=resources["images_bucket"],
        records_table=resources["records_table"],
        queue_url=resources["ingest_queue_url"],
        dlq_url="unused",
        caption_queue_url=resources["caption_queue_url"],
        user_hash_key="h" * 32,
    )
    with ThreadPoolExecutor(2) as executor:
        async with (
            worker_tools(settings, service="ingest") as tools,
            Publisher(tools.sqs, settings.caption_queue_url) as publisher,
        ):
            yield Ingest(tools, publisher, executor)


async def test_the_pinned_version_is_read_and_its_hash_is_kept(ingest: Ingest) -> None:
    image_id, photo = _ids.new(), real_photo()
    version = await ingest.upload(image_id, photo)
    await ingest.upload(image_id, b"swapped afterwards")

    record = await ingest.ingested(image_id, upload_version=version)

    assert record.status is Status.CAPTIONING
    assert record.upload_sha256 == hashlib.sha256(photo).hexdigest()
    assert not await ingest.is_there(image_id)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"<svg/>" * 20, "unsupported_media_type", id="no picture"),
        pytest.param(b"x" * (10 * 1024 * 1024 + 1), "image_too_large", id="too large"),
        pytest.param(b"\xff\xd8\xff\xe0 cut", "undecodable_image", id="damaged"),
    ],
)
async def test_what_no_gateway_checked_fails_for_good(
    ingest: Ingest, data: bytes, code: str
) -> None:
    image_id = _ids.new()
    version = await ingest.upload(image_id, data)

    record = await ingest.ingested(image_id, upload_version=version)

    assert record.error is not None
    assert (record.status, record.error.code) == (Status.FAILED, code)
    assert record.error.retryable is False


async def test_a_version_that_is_gone_fails_for_good(ingest: Ingest) -> None:
    image_id = _ids.new()
    version = await ingest.upload(image_id, real_photo())
    await ingest.tools.objects.delete_versions(upload_key(USER, image_id))

    record = await ingest.ingested(image_id, upload_version=version)

    assert record.error is not None
    assert (record.error.code, record.error.retryable) == ("timed_out", False)


async def test_the_upload_of_what_failed_for_no_fault_of_its_own_stays(ingest: Ingest) -> None:
    image_id = _ids.new()
    await ingest.upload(image_id, real_photo())
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    broken = Ingest(ingest.tools, ingest.publisher, closed)

    record = await broken.ingested(image_id, attempts_made=MAX_ATTEMPTS - 1)

    assert record.error is not None
    assert (record.error.code, record.error.retryable) == ("internal_error", True)
    assert await ingest.is_there(image_id)


async def test_an_upload_that_a_killed_worker_left_goes_with_its_message(ingest: Ingest) -> None:
    image_id = _ids.new()
    await ingest.upload(image_id, real_photo())
    record = await ingest.ingested(image_id)
    await ingest.upload(image_id, real_photo())
    message = message_of(record.model_copy(update={"status": Status.QUEUED}))
    assert isinstance(message, ImageUploaded)

    await ingest.worker.handle(Delivery(message, 2))

    assert not await ingest.is_there(image_id)
