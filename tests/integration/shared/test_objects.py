"""Objects on a versioned bucket: caps, checksums, and deletes that are true."""

import asyncio
import hashlib
from typing import Any

import aioboto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shared.aws import s3_config
from shared.errors import DependencyUnavailable, Permanent, StaleRecord
from shared.object_store import ObjectStore, image_object_key, upload_key


async def versions(s3: Any, bucket: str) -> int:
    listing = await s3.list_object_versions(Bucket=bucket)
    return len(listing.get("Versions", [])) + len(listing.get("DeleteMarkers", []))


async def test_what_was_put_is_read(objects: ObjectStore) -> None:
    await objects.put("k", bytearray(b"pixels"), content_type="image/jpeg")

    assert await objects.read("k", limit=6) == b"pixels"


async def test_s3_refuses_bytes_that_are_not_those_that_were_hashed(ministack: str) -> None:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    session = aioboto3.Session(region_name="eu-west-1", **keys)
    config = s3_config(connections=1)
    digest = hashlib.sha256(b"pixels").hexdigest()

    async with session.client("s3", endpoint_url=ministack, config=config) as s3:
        await s3.create_bucket(
            Bucket="hashed", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        objects = ObjectStore(s3, "hashed")
        await objects.put("k", b"pixels", content_type="image/jpeg", sha256=digest)
        with pytest.raises(ClientError, match="did not match"):
            await objects.put("k", b"pixeIs", content_type="image/jpeg", sha256=digest)

        assert await objects.read("k", limit=6) == b"pixels"


async def test_a_read_of_many_pieces_gives_all_of_them(objects: ObjectStore) -> None:
    data = bytes(range(256)) * 4096
    await objects.put("k", data, content_type="image/jpeg")

    assert await objects.read("k", limit=len(data)) == data


async def test_what_was_put_at_the_first_try_is_known_by_its_version(
    s3: Any, bucket: str, objects: ObjectStore
) -> None:
    version = await objects.put("k", b"one", content_type="image/jpeg")

    assert version == await objects.newest("k")
    assert version is not None
    await objects.delete([("k", version)])
    assert await versions(s3, bucket) == 0


async def test_what_took_several_tries_may_have_several_versions(
    s3: Any, objects: ObjectStore
) -> None:
    tries: list[str] = []

    def fail_once(request: Any, **_: Any) -> None:
        tries.append(request.url)
        if len(tries) == 1:
            raise EndpointConnectionError(endpoint_url=request.url)

    s3.meta.events.register("before-send.s3.PutObject", fail_once)
    try:
        version = await objects.put("k", b"one", content_type="image/jpeg")
    finally:
        s3.meta.events.unregister("before-send.s3.PutObject", fail_once)

    assert (version, len(tries)) == (None, 2)


async def test_a_longer_object_than_allowed_is_refused(objects: ObjectStore) -> None:
    await objects.put("k", b"1234567", content_type="image/jpeg")

    with pytest.raises(Permanent) as refusal:
        await objects.read("k", limit=6)

    assert refusal.value.code == "image_too_large"


async def test_a_missing_object_is_stale(objects: ObjectStore) -> None:
    with pytest.raises(StaleRecord):
        await objects.read("nowhere", limit=1)


async def test_a_body_that_breaks_off_is_no_fault_of_the_photo(aws: str) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    config = s3_config(connections=1)

    async with server, aioboto3.Session().client("s3", endpoint_url=url, config=config) as s3:
        with pytest.raises(DependencyUnavailable):
            await ObjectStore(s3, "bucket").read("k", limit=1000)


async def test_a_removed_image_leaves_no_version_and_no_marker(
    s3: Any, bucket: str, objects: ObjectStore
) -> None:
    for key in (upload_key("ana", "i"), image_object_key("ana", "i", "thumbnail.jpg")):
        await objects.put(key, b"one", content_type="image/jpeg")
        await objects.put(key, b"two", content_type="image/jpeg")
        await s3.delete_object(Bucket=bucket, Key=key)
    await objects.put(upload_key("bob", "i"), b"his", content_type="image/jpeg")

    deleted = await objects.remove_image("ana", "i")

    assert deleted == 6
    assert await versions(s3, bucket) == 1


async def test_a_version_may_be_deleted_twice_and_takes_no_other_along(
    s3: Any, bucket: str, objects: ObjectStore
) -> None:
    key = upload_key("ana", "i")
    first = await objects.put(key, b"one", content_type="image/jpeg")
    await objects.put(key, b"two", content_type="image/jpeg")
    assert first is not None

    for _ in range(2):
        await objects.delete([(key, first)])

    assert await versions(s3, bucket) == 1
    assert await objects.read(key, limit=1000) == b"two"


async def test_more_versions_than_one_call_takes_are_all_removed(
    s3: Any, bucket: str, objects: ObjectStore
) -> None:
    slots = asyncio.Semaphore(16)

    async def put(number: int) -> None:
        async with slots:
            await s3.put_object(Bucket=bucket, Key=f"images/ana/i/{number}", Body=b"")

    await asyncio.gather(*(put(number) for number in range(1005)))

    assert await objects.delete_versions("images/ana/i/") == 1005
    assert await versions(s3, bucket) == 0
