"""Taking a photo in: key, quota, bytes, record, message. What fails half-way is taken back."""

import asyncio
import hashlib
import json
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.gateway.faults import nothing_happens
from services.gateway.idempotency import Claim, IdempotencyKeys, in_flight
from services.gateway.identifiers import ImageIds
from shared.contracts import CaptionOptions
from shared.controls import Bucket, Controls
from shared.errors import DependencyUnavailable, StaleRecord
from shared.hops import message_of
from shared.media import MediaType
from shared.object_store import ObjectStore, upload_key
from shared.outage import persist
from shared.publisher import Publisher
from shared.record_store import RecordStore
from shared.records import LOST_HOP_S, ImageRecord, Status, timestamp
from shared.sent_marks import SentMarks

logger = logging.getLogger(__name__)

# While DynamoDB is down; before the sweeper would send on what it finds, and a stop would wait.
TAKE_BACK_S = 20.0
GIVE_BACK_S = 2.0  # that a refusal waits for its unit to be given back


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload whose bytes are still on their way.

    ``epoch`` is its user's when it began: whoever deletes everything meanwhile means this one too,
    whatever epoch it is when the last byte arrives. ``bucket`` is the quota without the unit that
    was spent for it, or ``None`` if none was yet: under a key it may turn out to be a repetition.
    """

    user_id: str
    epoch: int
    bucket: Bucket | None


@dataclass(frozen=True, slots=True)
class Photo:
    """An accepted upload, ``sha256`` of its bytes in hexadecimal. ``batch`` groups a user's photos.

    Photos of one ``idempotency_key`` are one photo.
    """

    image: memoryview
    sha256: str
    media_type: MediaType
    options: CaptionOptions
    batch: str | None
    idempotency_key: str | None
    begun: "Begun"

    @property
    def user_id(self) -> str:
        """Whose it is."""
        return self.begun.user_id

    @property
    def fingerprint(self) -> str:
        """What must be the same for two requests to be one: the bytes and the options."""
        asked = [self.sha256, self.batch, self.options.model_dump(mode="json")]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Submitted:
    """The image as it is now, and the quota after it. A replay's image was there before."""

    record: ImageRecord
    bucket: Bucket
    is_replay: bool


@dataclass(slots=True)
class _Attempt:
    """How far a submission has come, for what must be taken back if it fails."""

    user_id: str
    claim: Claim | None
    is_charged: bool
    epoch: int
    record: ImageRecord | None = None


class Submissions:
    """Stores photos and puts them on the ingest queue."""

    def __init__(
        self,
        *,
        keys: IdempotencyKeys,
        controls: Controls,
        records: RecordStore,
        objects: ObjectStore,
        publisher: Publisher,
        marks: SentMarks,
        ids: ImageIds,
        retention: float,  # seconds
        after_record: Callable[[], None] = nothing_happens,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._keys = keys
        self._controls = controls
        self._records = records
        self._objects = objects
        self._publisher = publisher
        self._marks = marks
        self._ids = ids
        self._retention = retention
        self._after_record = after_record
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, user_id: str, *, has_key: bool) -> Begun:
        """Before the bytes: learn the epoch, by the write that spends a unit unless it ``has_key``.

        To be followed by ``submit`` or ``abandon``. Raises as ``submit`` does.
        """
        if has_key:
            return Begun(user_id, await self._records.epoch(user_id), None)
        spent = await self._controls.spend(user_id)
        return Begun(user_id, spent.epoch, spent.bucket)

    async def abandon(self, begun: Begun) -> None:
        """Give back what was spent for an upload that came to nothing. Never raises."""
        if begun.bucket is not None:
            giving_back = asyncio.create_task(self._give_back(begun.user_id))
            self._own(giving_back)
            await asyncio.wait({giving_back}, timeout=GIVE_BACK_S)

    async def submit(self, photo: Photo) -> Submitted:
        """Store ``photo`` for a unit of quota and send it on; on return both are durable.

        Raises ``QuotaExceeded`` and ``DependencyUnavailable``, with nothing left visible and
        nothing spent, and ``Problem`` where the idempotency key stands in the way.
        """
        image_id = self._ids.new()
        if photo.idempotency_key is None:
            return await self._submit(photo, image_id, None)
        while True:
            claim = await self._keys.claim(
                photo.user_id,
                photo.idempotency_key,
                fingerprint=photo.fingerprint,
                image_id=image_id,
            )
            if not claim.is_done:
                return await self._submit(photo, claim.image_id, claim)
            record = await self._records.get(photo.user_id, claim.image_id)
            if record is not None:
                bucket = await self._controls.bucket(photo.user_id)
                return Submitted(record, bucket, is_replay=True)
            # Its image was deleted: what comes under this key now is a new one.
            await self._keys.release(claim)

    async def close(self) -> None:
        """Wait for what goes on after answers."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _submit(self, photo: Photo, image_id: str, claim: Claim | None) -> Submitted:
        was_charged = photo.begun.bucket is not None or (
            claim is not None and claim.epoch is not None
        )
        attempt = _Attempt(photo.user_id, claim, was_charged, photo.begun.epoch)
        try:
            epoch, bucket = await self._charge(attempt, photo.begun)
            record = self._new_record(photo, image_id, epoch, claim)
            record = await self._store(attempt, record, photo)
        except BaseException:
            # Also for a call that timed out: it may have had its effect all the same.
            self._own(asyncio.create_task(self._take_back(attempt)))
            raise
        if claim is not None:
            await self._finish(claim)
        self._marks.add(record)
        return Submitted(record, bucket, is_replay=False)

    async def _charge(self, attempt: _Attempt, begun: Begun) -> tuple[int, Bucket]:
        """Spend a unit, unless one was at the beginning or by who held the claim before us; the
        epoch that the image carries.
        """
        if begun.bucket is not None:
            return begun.epoch, begun.bucket
        claim = attempt.claim
        if claim is not None and claim.epoch is not None:
            bucket = await self._controls.bucket(attempt.user_id)
            return min(attempt.epoch, claim.epoch), bucket
        spent = await self._controls.spend(attempt.user_id)
        attempt.is_charged = True
        if claim is not None and not await self._keys.mark_charged(claim, attempt.epoch):
            # So slow that another request has taken over, to spend a unit of its own.
            await self._controls.refund(attempt.user_id)
            raise in_flight()
        return attempt.epoch, spent.bucket

    async def _store(self, attempt: _Attempt, record: ImageRecord, photo: Photo) -> ImageRecord:
        attempt.record = record
        version = await self._objects.put(
            record.upload_key,
            photo.image,
            content_type=photo.media_type.content_type,
            sha256=photo.sha256,
        )
        if version is not None and attempt.claim is None:
            # Under a key, an earlier request may have died with an upload of its own left behind.
            record = record.model_copy(update={"upload_version": version, "upload_once": True})
        record = await self._create(record)
        self._after_record()
        # What a request before us sent on may be further by now, and needs no message of ours.
        message = message_of(record) if record.status is Status.QUEUED else None
        if message is not None and not record.sent:
            await self._publisher.publish(message)
        return record

    async def _create(self, record: ImageRecord) -> ImageRecord:
        try:
            await self._records.create(record)
        except StaleRecord:
            # Ours, if the answer to the write was lost, or if a request before us got this far.
            key = (record.user_id, record.image_id)
            found = (await self._records.find([key])).get(key)
            if found is None or found.record.job != record.job:
                raise
            return found.record
        return record

    def _new_record(
        self, photo: Photo, image_id: str, epoch: int, claim: Claim | None
    ) -> ImageRecord:
        now = self._clock()
        written = timestamp(datetime.fromtimestamp(now, UTC))
        return ImageRecord(
            user_id=photo.user_id,
            image_id=image_id,
            status=Status.QUEUED,
            epoch=epoch,
            job=claim.job if claim is not None else uuid.uuid4().hex,
            check_at=now + LOST_HOP_S,
            ttl=int(now + self._retention),
            timestamp=written,
            updated_at=written,
            hop_started_at=written,
            batch=photo.batch,
            options=photo.options,
            upload_key=upload_key(photo.user_id, image_id),
            upload_sha256=photo.sha256,
            idempotency_key=photo.idempotency_key,
        )

    def _own(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _give_back(self, user_id: str) -> None:
        try:
            await persist(lambda: self._controls.refund(user_id), limit=TAKE_BACK_S)
        except Exception as error:  # noqa: BLE001  best effort: the bucket fills up by itself
            logger.warning("unit not given back", extra={"error": type(error).__name__})

    async def _finish(self, claim: Claim) -> None:
        try:
            await self._keys.finish(claim)
        except DependencyUnavailable:
            # The photo is in. Until the lease is over, a repeated request is told to wait.
            logger.warning("key not finished", extra={"image_id": claim.image_id})

    async def _take_back(self, attempt: _Attempt) -> None:
        try:
            await self._undo(attempt)
        except StaleRecord:
            # A worker has it already: then it is whole, and stays.
            if attempt.claim is not None:
                await self._finish(attempt.claim)
        except Exception as error:  # noqa: BLE001  best effort: the bucket's lifecycle has the rest
            logger.warning("not taken back", extra={"error": type(error).__name__})

    async def _undo(self, attempt: _Attempt) -> None:
        """Forget the record, the key and the charge. Raises ``StaleRecord`` if it is too late."""
        claim, record = attempt.claim, attempt.record
        if claim is not None and not await persist(
            lambda: self._keys.renew(claim), limit=TAKE_BACK_S
        ):
            return  # another request has taken over what this one began
        if record is not None:
            await persist(lambda: self._records.discard(record), limit=TAKE_BACK_S)
        if claim is not None:
            await self._keys.release(claim)
        if attempt.is_charged:
            await self._controls.refund(attempt.user_id)
        if record is not None:
            await self._objects.delete_versions(record.upload_key)
