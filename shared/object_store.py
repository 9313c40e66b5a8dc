"""Objects in S3: where they live, reads with a cap, writes with a checksum, deletes of versions."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError as HttpError
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError

from shared.aws import calls_to, error_code
from shared.chunked_body import ChunkedBody
from shared.errors import DependencyUnavailable, Permanent, StaleRecord

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

# Objects never change under their key, and the URL's own life bounds the cache.
CACHE_CONTROL = "private, max-age=3600, immutable"
CHUNK = 64 * 1024  # bytes held of an object that is streamed
# From this size on, bytes; below, another copy is cheaper than S3's "100 Continue" for a stream.
CHUNKED_FROM = 256 * 1024
# How often a broken stream is taken up again where it broke, before we give up on the object.
RESUMPTIONS = 3


# Where a listing goes on: after this version of a key; after all of them if that is empty.
VersionMarker = tuple[str, str]


def upload_key(user_id: str, image_id: str) -> str:
    """Where the bytes lie as they came, for a day at most."""
    return f"incoming/{user_id}/{image_id}"


def image_object_key(user_id: str, image_id: str, name: str) -> str:
    """Where one of an image's objects lies; ``name`` is ``thumbnail.jpg`` and the like."""
    return f"images/{user_id}/{image_id}/{name}"


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An object being read: ``length`` bytes, in ``chunks`` of at most ``CHUNK``."""

    length: int
    chunks: AsyncIterator[bytes]


def user_prefixes(user_id: str) -> tuple[str, ...]:
    """Where all of a user's objects lie; the image's id is the next part of each key."""
    return (f"images/{user_id}/", f"incoming/{user_id}/")


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Versions and markers as pairs of key and version id. ``following`` is ``None`` at the end."""

    versions: list[tuple[str, str]]
    following: VersionMarker | None


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version or a marker. ``is_object``: it is what a read of the key gets."""

    key: str
    version: str
    modified: datetime
    is_object: bool


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The objects of one bucket."""

    s3: "S3Client"
    bucket: str

    async def put(
        self,
        key: str,
        data: bytes | bytearray | memoryview,
        *,
        content_type: str,
        sha256: str | None = None,
    ) -> str | None:
        """Store ``data``. Its SHA-256 goes along, so that S3 refuses what the network changed:
        ``sha256``, in hexadecimal, of a caller who has it already.

        The version that was made, or ``None`` where the call had to be repeated: there may be two.
        """
        digest = bytes.fromhex(sha256) if sha256 else hashlib.sha256(data).digest()
        with calls_to("s3"):
            answer = await self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=_body(data),
                ContentType=content_type,
                CacheControl=CACHE_CONTROL,
                ChecksumSHA256=base64.b64encode(digest).decode(),
            )
        return None if answer["ResponseMetadata"]["RetryAttempts"] else answer.get("VersionId")

    async def newest(self, key: str) -> str | None:
        """The id of the object's newest version; ``None`` if there is no object."""
        try:
            with calls_to("s3"):
                response = await self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) not in {"NoSuchKey", "404"}:
                raise
            return None
        return response["VersionId"]

    async def read(self, key: str, *, limit: int, version: str | None = None) -> bytes:
        """The object's bytes, or those of the given version.

        Raises ``StaleRecord`` if it is gone, ``DependencyUnavailable`` if S3 does not give all of
        it, and ``Permanent`` if it is longer than ``limit`` bytes: then no more than that is read.
        """
        try:
            with calls_to("s3"):
                chosen: Any = {"VersionId": version} if version is not None else {}
                response = await self.s3.get_object(Bucket=self.bucket, Key=key, **chosen)
                if response["ContentLength"] > limit:
                    response["Body"].close()
                    raise Permanent("image_too_large", "The file is larger than 10 MiB.")
                async with response["Body"] as body:
                    return await _whole(body, response["ContentLength"])
        except ClientError as error:
            if error_code(error) not in {"NoSuchKey", "NoSuchVersion", "404"}:
                raise
            raise StaleRecord("the object is gone") from error
        except (HttpError, IncompleteReadError) as error:
            # What breaks a body on its way reaches us as aiohttp's own error, not as botocore's.
            raise DependencyUnavailable("s3") from error

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[OpenObject]:
        """Read an object chunk by chunk; a stream that breaks goes on where it broke.

        Raises, here or between chunks, ``StaleRecord`` if the object is gone and
        ``DependencyUnavailable`` if S3 does not give all of it.
        """
        response = await self._get(key)
        try:
            async with aclosing(self._chunks(key, response)) as chunks:
                yield OpenObject(response["ContentLength"], chunks)
        finally:
            response["Body"].close()

    async def _chunks(self, key: str, response: Any) -> AsyncGenerator[bytes, None]:
        length, etag = response["ContentLength"], response["ETag"]
        position = 0
        for attempt in range(1 + RESUMPTIONS):
            if attempt:
                response = await self._get(key, Range=f"bytes={position}-", IfMatch=etag)
            try:
                while chunk := await response["Body"].read(CHUNK):
                    position += len(chunk)
                    yield chunk
            except (BotoCoreError, HttpError, TimeoutError):
                pass  # the rest is asked for in the next attempt
            finally:
                response["Body"].close()
            if position >= length:
                return
        raise DependencyUnavailable("s3")

    async def _get(self, key: str, **arguments: Any) -> Any:
        try:
            with calls_to("s3"):
                return await self.s3.get_object(Bucket=self.bucket, Key=key, **arguments)
        except ClientError as error:
            if error_code(error) not in {"NoSuchKey", "404", "PreconditionFailed"}:
                raise
            raise StaleRecord("the object is gone") from error

    async def delete_versions(self, prefix: str) -> int:
        """Delete every version and marker under ``prefix``; the number of entries deleted.

        A plain delete on a versioned bucket only hides; this is what makes a deletion true.
        Raises ``DependencyUnavailable`` if S3 left some of them: the call may be repeated.
        """
        deleted = 0
        while True:
            # From the start each time: what a page held is gone when the next one is asked for.
            page = await self.versions(prefix)
            await self.delete(page.versions)
            deleted += len(page.versions)
            if page.following is None:
                return deleted

    async def versions(self, prefix: str, *, after: VersionMarker | None = None) -> VersionPage:
        """A page of at most a thousand versions and markers under ``prefix``, by key."""
        stored, following = await self.listing(prefix, after=after)
        return VersionPage([(entry.key, entry.version) for entry in stored], following)

    async def listing(
        self, prefix: str, *, after: VersionMarker | None = None
    ) -> tuple[list[StoredVersion], VersionMarker | None]:
        """As ``versions``, with what S3 says of each; markers come last."""
        position: dict[str, Any] = {}
        if after is not None:
            names = ("KeyMarker", "VersionIdMarker")
            position = {name: value for name, value in zip(names, after, strict=True) if value}
        with calls_to("s3"):
            page = await self.s3.list_object_versions(Bucket=self.bucket, Prefix=prefix, **position)
        following = (
            (page["NextKeyMarker"], page.get("NextVersionIdMarker", ""))
            if page.get("IsTruncated", False)
            else None
        )
        entries = [
            *((entry, entry["IsLatest"]) for entry in page.get("Versions", [])),
            *((entry, False) for entry in page.get("DeleteMarkers", [])),
        ]
        stored = [
            StoredVersion(entry["Key"], entry["VersionId"], entry["LastModified"], is_object)
            for entry, is_object in entries
        ]
        return stored, following

    async def delete(self, versions: Sequence[tuple[str, str]]) -> None:
        """Delete versions and markers, at most a thousand, given by key and version id.

        Raises ``DependencyUnavailable`` if S3 left some of them: the call may be repeated.
        """
        if not versions:
            return
        if len(versions) == 1:
            # Half the work of a list of one, which goes as XML with a checksum.
            [(key, version)] = versions
            with calls_to("s3"):
                await self.s3.delete_object(Bucket=self.bucket, Key=key, VersionId=version)
            return
        with calls_to("s3"):
            answer = await self.s3.delete_objects(
                Bucket=self.bucket,
                Delete={
                    "Objects": [{"Key": key, "VersionId": version} for key, version in versions],
                    "Quiet": True,
                },
            )
        if answer.get("Errors"):
            raise DependencyUnavailable("s3")

    async def remove_image(self, user_id: str, image_id: str) -> int:
        """Delete whatever there is of an image, its upload included; the number of entries."""
        prefixes = (upload_key(user_id, image_id), image_object_key(user_id, image_id, ""))
        return sum(await asyncio.gather(*map(self.delete_versions, prefixes)))


async def _whole(body: Any, length: int) -> bytes:
    """All ``length`` bytes of a body, in the one place that they are to have.

    Its own ``read`` holds all pieces and joins them: twice the memory, all of it new, and most of
    what a read of megabytes costs is the first touch of each page.
    """
    buffer = BytesIO(bytes(length))
    async for piece in body.content.iter_any():
        buffer.write(piece)
    if buffer.tell() != length:
        raise IncompleteReadError(actual_bytes=buffer.tell(), expected_bytes=length)
    return buffer.getvalue()  # no copy: it is as long as it was made


def _body(data: bytes | bytearray | memoryview) -> Any:
    if len(data) >= CHUNKED_FROM:
        return ChunkedBody(data)
    # Of what is like bytes, botocore takes these two, and makes a stream of the other one.
    return bytearray(data)
