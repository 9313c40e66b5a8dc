"""Taking a photo in: bytes, then record, then message. What fails half-way is taken back."""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime

from services.gateway.identifiers import ImageIds
from shared.contracts import CaptionOptions, ImageUploaded
from shared.errors import DependencyUnavailable, StaleRecord
from shared.media import MediaType
from shared.object_store import ObjectStore, upload_key
from shared.publisher import Publisher
from shared.record_store import RecordStore
from shared.records import LOST_HOP_S, ImageRecord, Status, timestamp

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Photo:
    """An accepted upload. ``batch`` groups photos of one user."""

    user_id: str
    image: bytearray
    media_type: MediaType
    options: CaptionOptions
    batch: str | None


class Submissions:
    """Stores photos and puts them on the ingest queue."""

    def __init__(
        self,
        *,
        records: RecordStore,
        objects: ObjectStore,
        publisher: Publisher,
        ids: ImageIds,
        retention: float,  # seconds
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._records = records
        self._objects = objects
        self._publisher = publisher
        self._ids = ids
        self._retention = retention
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, photo: Photo) -> ImageRecord:
        """Store ``photo`` and send it on; on return both are durable.

        Raises ``DependencyUnavailable`` with nothing left visible.
        """
        record = self._new_record(photo)
        try:
            await self._objects.put(
                record.upload_key, photo.image, content_type=photo.media_type.content_type
            )
            await self._records.create(record)
            await self._publisher.publish(_message(record))
        except BaseException:
            # Also for a call that timed out: it may have had its effect all the same.
            self._own(self._take_back(record))
            raise
        # The answer need not wait for this: unmarked, the message is merely sent once more.
        self._own(self._mark_sent(record))
        return record

    async def close(self) -> None:
        """Wait for what goes on after answers."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def _new_record(self, photo: Photo) -> ImageRecord:
        now = self._clock()
        written = timestamp(datetime.fromtimestamp(now, UTC))
        image_id = self._ids.new()
        return ImageRecord(
            user_id=photo.user_id,
            image_id=image_id,
            status=Status.QUEUED,
            job=uuid.uuid4().hex,
            check_at=now + LOST_HOP_S,
            ttl=int(now + self._retention),
            timestamp=written,
            updated_at=written,
            hop_started_at=written,
            batch=photo.batch,
            options=photo.options,
            upload_key=upload_key(photo.user_id, image_id),
        )

    def _own(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _mark_sent(self, record: ImageRecord) -> None:
        try:
            await self._records.mark_sent(record)
        except DependencyUnavailable:
            logger.warning("not marked as sent", extra={"image_id": record.image_id})
        except Exception:  # the boundary of a task that nobody awaits for its result
            logger.exception("not marked as sent", extra={"image_id": record.image_id})

    async def _take_back(self, record: ImageRecord) -> None:
        try:
            await self._records.discard(record)
            await self._objects.delete_versions(record.upload_key)
        except StaleRecord:
            return  # a worker has it already: then it is whole, and stays
        except Exception as error:  # noqa: BLE001  best effort: the bucket's lifecycle has the rest
            logger.warning(
                "not taken back",
                extra={"image_id": record.image_id, "error": type(error).__name__},
            )


def _message(record: ImageRecord) -> ImageUploaded:
    return ImageUploaded(
        user_id=record.user_id,
        image_id=record.image_id,
        job=record.job,
        epoch=record.epoch,
        upload_key=record.upload_key,
        options=record.options,
    )
