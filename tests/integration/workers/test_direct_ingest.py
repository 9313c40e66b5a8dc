"""What ingest makes of uploads that the gateway never saw, and what it leaves for another try."""

import hashlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from services.gateway.identifiers import ImageIds
from shared.consumer import Delivery
from shared.contracts import ImageUploaded
from shared.errors import DependencyUnavailable
from shared.hops import message_of
from shared.object_store import ObjectStore, upload_key
from shared.records import MAX_ATTEMPTS, Status
from tests.integration.workers.ingest import USER, Ingest, ingesting
from tests.photos import real_photo

_ids = ImageIds()


@pytest.fixture(scope="session")
async def ingest(aws: str) -> AsyncIterator[Ingest]:
    async with ingesting(aws) as made:
        yield made


async def test_the_pinned_version_is_read_and_its_hash_is_kept(ingest: Ingest) -> None:
    image_id, photo = _ids.new(), real_photo()
    version = await ingest.upload(image_id, photo)
    await ingest.upload(image_id, b"swapped afterwards")

    record = await ingest.ingested(image_id, upload_version=version)

    assert record.status is Status.CAPTIONING
    assert record.upload_sha256 == hashlib.sha256(photo).hexdigest()
    assert not await ingest.is_there(image_id)


async def test_the_hash_of_what_went_through_the_gateway_is_kept(ingest: Ingest) -> None:
    image_id = _ids.new()
    version = await ingest.upload(image_id, real_photo())

    record = await ingest.ingested(image_id, upload_version=version, upload_sha256="a" * 64)

    assert (record.status, record.upload_sha256) == (Status.CAPTIONING, "a" * 64)


async def test_the_only_version_is_removed_without_looking_for_others(ingest: Ingest) -> None:
    image_id = _ids.new()
    version = await ingest.upload(image_id, real_photo())
    listed: list[Any] = []
    events = ingest.tools.objects.s3.meta.events
    events.register("before-call.s3.ListObjectVersions", lambda **call: listed.append(call))

    await ingest.ingested(image_id, upload_version=version, upload_once=True)

    assert not await ingest.is_there(image_id)
    assert listed == []


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


class ReadOnly:
    """A bucket that gives and does not take, as when S3 goes down in the middle of a photo."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    async def put_object(self, **_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="http://s3.test")


async def test_a_store_that_goes_down_under_a_photo_costs_no_attempt(ingest: Ingest) -> None:
    image_id = _ids.new()
    await ingest.upload(image_id, real_photo())
    objects = ingest.tools.objects
    tools = replace(ingest.tools, objects=ObjectStore(ReadOnly(objects.s3), objects.bucket))  # type: ignore[arg-type]
    broken = Ingest(tools, ingest.publisher, ingest.executor)

    with pytest.raises(DependencyUnavailable):
        await broken.ingested(image_id)

    record = await ingest.tools.records.get(USER, image_id)
    assert record is not None
    assert (record.attempts_made, record.lease_id) == (0, None)
