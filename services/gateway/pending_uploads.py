"""Uploads that go straight to the bucket: promised for five minutes, then completed or expired.

What is promised is an item, and every way out of it is one conditional write, so that an upload
becomes one image at most and its unit of quota is given back once at most.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from shared.aws import calls_to, error_code
from shared.contracts import CaptionOptions
from shared.control_items import RACES
from shared.controls import Controls
from shared.errors import DependencyUnavailable
from shared.item_store import ItemStore
from shared.items import Update, active_shard, plain, to_item, user_key
from shared.object_store import ObjectStore, upload_key
from shared.record_store import RecordStore
from shared.records import LOST_HOP_S, ImageRecord, Part, Status, timestamp

# A file whose POST began just in time may take as long to arrive as one sent to the gateway.
GRACE_S = 60
REMEMBERED_S = 24 * 3600


class UploadMissing(Exception):
    """Nothing is at the upload's key yet."""


class UploadExpired(Exception):
    """The upload was not completed in time."""


class UploadUnknown(Exception):
    """There is no such upload, or its image has been deleted since."""


class State(StrEnum):
    """What became of a promise. The last two are for good."""

    OPEN = "open"
    DONE = "done"
    EXPIRED = "expired"


class PendingUpload(Part):
    """The item ``USER#{user_id}``/``UPLOAD#{image_id}``; times are Unix seconds.

    The upload's id is that of the image which it becomes.
    """

    user_id: str
    image_id: str
    epoch: int = 0
    state: State
    expires_at: float
    ttl: int
    options: CaptionOptions = CaptionOptions()
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class PendingUploads:
    """The promised uploads of one table. ``retention`` is that of images, in seconds."""

    items: ItemStore
    records: RecordStore
    objects: ObjectStore
    controls: Controls
    retention: float
    clock: Callable[[], float] = time.time  # Unix seconds

    async def promise(
        self,
        user_id: str,
        upload_id: str,
        *,
        epoch: int,
        expires_at: float,
        options: CaptionOptions,
        batch: str | None,
    ) -> None:
        """Remember an upload for which a unit of quota was spent."""
        update = (
            Update()
            .set(
                user_id=user_id,
                image_id=upload_id,
                epoch=epoch,
                state=State.OPEN,
                expires_at=expires_at,
                ttl=int(expires_at + REMEMBERED_S),
                options=options,
                batch=batch,
                # The sweeper calls `expire` for what nobody completes.
                check_at=expires_at + GRACE_S,
                active_shard=active_shard(upload_id),
            )
            .when("attribute_not_exists({state})")
        )
        await self.items.write(_key(user_id, upload_id), update)

    async def complete(self, user_id: str, upload_id: str) -> tuple[ImageRecord, bool]:
        """The image that the upload becomes, or became, and whether it did so just now: then its
        message is to be sent.

        Raises ``UploadUnknown``, ``UploadMissing`` and ``UploadExpired``.
        """
        for _ in range(RACES):
            upload = await self._find(user_id, upload_id)
            if upload.state is State.EXPIRED:
                raise UploadExpired
            if upload.state is State.DONE:
                return await self._completed(upload), False
            version = await self.objects.newest(upload_key(user_id, upload_id))
            grace = GRACE_S if version is not None else 0
            if self.clock() > upload.expires_at + grace:
                await self.expire(user_id, upload_id)
                continue
            if version is None:
                raise UploadMissing
            record = self._record(upload, version)
            if await self._create(record):
                return record, True
        raise DependencyUnavailable("dynamodb")

    async def expire(self, user_id: str, upload_id: str) -> bool:
        """Give up an upload that is still open, and its unit back; whether that happened now."""
        update = (
            Update()
            .set(state=State.EXPIRED, options=None, batch=None, check_at=None, active_shard=None)
            .when("{state} = :open", open=State.OPEN)
            .when("{expires_at} < :now", now=self.clock())
        )
        item = await self.items.write(_key(user_id, upload_id), update)
        if item is None:
            return False
        await self.controls.refund(user_id)
        owner = await self.records.standing(user_id)
        # What is older, the deletion of everything removes, and counts.
        if PendingUpload.model_validate(plain(item)).epoch >= owner.epoch:
            await self.objects.delete_versions(upload_key(user_id, upload_id))
        return True

    async def _find(self, user_id: str, upload_id: str) -> PendingUpload:
        item = await self.items.read(_key(user_id, upload_id))
        if not item:
            raise UploadUnknown
        upload = PendingUpload.model_validate(plain(item))
        owner = await self.records.standing(user_id)
        if upload.ttl <= self.clock() or upload.epoch < owner.epoch:
            raise UploadUnknown
        return upload

    async def _completed(self, upload: PendingUpload) -> ImageRecord:
        record = await self.records.get(upload.user_id, upload.image_id)
        if record is None:
            raise UploadUnknown
        return record

    def _record(self, upload: PendingUpload, version: str) -> ImageRecord:
        now = self.clock()
        written = timestamp(datetime.fromtimestamp(now, UTC))
        return ImageRecord(
            user_id=upload.user_id,
            image_id=upload.image_id,
            status=Status.QUEUED,
            epoch=upload.epoch,
            job=uuid.uuid4().hex,
            check_at=now + LOST_HOP_S,
            ttl=int(now + self.retention),
            timestamp=written,
            updated_at=written,
            hop_started_at=written,
            batch=upload.batch,
            options=upload.options,
            upload_key=upload_key(upload.user_id, upload.image_id),
            upload_version=version,
        )

    async def _create(self, record: ImageRecord) -> bool:
        """Make the promise an image, both or neither; whether it was still open.

        In one transaction: a record written alone could come back after its image was deleted.
        """
        done = (
            Update()
            # What is kept for the sake of being asked twice is ids only.
            .set(state=State.DONE, options=None, batch=None, check_at=None, active_shard=None)
            .when("{state} = :open", open=State.OPEN)
        )
        update: Any = {
            "TableName": self.items.table,
            "Key": _key(record.user_id, record.image_id),
            **done.arguments(),
        }
        put: Any = {
            "TableName": self.items.table,
            "Item": to_item(record),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        try:
            with calls_to("dynamodb"):
                await self.items.dynamodb.transact_write_items(
                    TransactItems=[{"Update": update}, {"Put": put}]
                )
        except ClientError as error:
            if error_code(error) != "TransactionCanceledException":
                raise
            return False
        return True


def _key(user_id: str, upload_id: str) -> dict[str, dict[str, str]]:
    return user_key(user_id, f"UPLOAD#{upload_id}")
