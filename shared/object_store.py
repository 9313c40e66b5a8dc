"""Objects in S3: where they live, reads with a cap, writes with a checksum, deletes of versions."""

import base64
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.aws import calls_to, error_code
from shared.errors import DependencyUnavailable, Permanent, StaleRecord

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

# Objects never change under their key, and the URL's own life bounds the cache.
CACHE_CONTROL = "private, max-age=3600, immutable"


def upload_key(user_id: str, image_id: str) -> str:
    """Where the bytes lie as they came, for a day at most."""
    return f"incoming/{user_id}/{image_id}"


def image_object_key(user_id: str, image_id: str, name: str) -> str:
    """Where one of an image's objects lies; ``name`` is ``thumbnail.jpg`` and the like."""
    return f"images/{user_id}/{image_id}/{name}"


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The objects of one bucket."""

    s3: "S3Client"
    bucket: str

    async def put(self, key: str, data: bytes | bytearray, *, content_type: str) -> None:
        """Store ``data``. Its CRC32 goes along, so that S3 refuses what the network changed."""
        checksum = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
        with calls_to("s3"):
            await self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=data,  # type: ignore[arg-type]  # botocore takes any bytes-like object
                ContentType=content_type,
                CacheControl=CACHE_CONTROL,
                ChecksumCRC32=checksum,
            )

    async def read(self, key: str, *, limit: int) -> bytes:
        """The object's bytes. Raises ``StaleRecord`` if it is gone and ``Permanent`` if it is
        longer than ``limit`` bytes, in which case no more than that is read.
        """
        try:
            with calls_to("s3"):
                response = await self.s3.get_object(Bucket=self.bucket, Key=key)
                if response["ContentLength"] > limit:
                    response["Body"].close()
                    raise Permanent("image_too_large", "The file is larger than 10 MiB.")
                async with response["Body"] as body:
                    data: bytes = await body.read()
        except ClientError as error:
            if error_code(error) not in {"NoSuchKey", "404"}:
                raise
            raise StaleRecord("the object is gone") from error
        return data

    async def delete_versions(self, prefix: str) -> int:
        """Delete every version and marker under ``prefix``; the number of entries deleted.

        A plain delete on a versioned bucket only hides; this is what makes a deletion true.
        Raises ``DependencyUnavailable`` if S3 left some of them: the call may be repeated.
        """
        deleted = 0
        while True:
            with calls_to("s3"):
                # From the start each time: what a page held is gone when the next one is asked
                # for. A page has at most 1,000 entries, which is S3's limit for one delete.
                page = await self.s3.list_object_versions(Bucket=self.bucket, Prefix=prefix)
                entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if entries:
                    deleted += await self._delete(entries)
            if not page.get("IsTruncated", False):
                return deleted

    async def _delete(self, entries: list[Any]) -> int:
        answer = await self.s3.delete_objects(
            Bucket=self.bucket,
            Delete={
                "Objects": [
                    {"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries
                ],
                "Quiet": True,
            },
        )
        if answer.get("Errors"):
            # To be deleted by the next try: going on would list the same entries for ever.
            raise DependencyUnavailable("s3")
        return len(entries)

    async def remove_image(self, user_id: str, image_id: str) -> int:
        """Delete whatever there is of an image, its upload included; the number of entries."""
        uploads = await self.delete_versions(upload_key(user_id, image_id))
        return uploads + await self.delete_versions(image_object_key(user_id, image_id, ""))
