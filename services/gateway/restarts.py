"""Jobs begun anew on an image that is there: another caption, or another try after a failure.

The record is written first, its message unsent, and then the message is sent: whatever dies in
between, the sweeper sends it.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from services.gateway.problems import Problem, not_found
from shared.contracts import CaptionOptions
from shared.hops import message_of
from shared.items import Update, active_shard
from shared.object_store import ObjectStore
from shared.publisher import Publisher
from shared.record_store import ConditionFailed, RecordStore
from shared.records import LOST_HOP_S, ImageRecord, StageTime, Status, timestamp
from shared.upgrades import upgrade_shard

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 1

# Where a job may begin.
Start = Literal[Status.QUEUED, Status.CAPTIONING]


def not_ready(record: ImageRecord) -> Problem:
    """The refusal of what can't be done to an image in its status."""
    return Problem(
        HTTPStatus.CONFLICT,
        "not_ready",
        f"The image is {record.status}.",
        retry_after=None if record.status.is_terminal else RETRY_AFTER_S,
    )


@dataclass(frozen=True, slots=True)
class Restarts:
    """Starts jobs. ``publishers`` send to the queue of the stage that a job begins with."""

    records: RecordStore
    objects: ObjectStore
    publishers: Mapping[Status, Publisher]
    clock: Callable[[], float] = time.time  # Unix seconds

    async def caption_again(
        self, record: ImageRecord, options: CaptionOptions, *, epoch: int
    ) -> ImageRecord:
        """Begin a job that captions the stored image with ``options``. Edits end here.

        Raises ``Problem``: 404 for an image of an older epoch than ``epoch``, 409 ``not_ready``
        while a job runs and for an image that ingest never finished.
        """
        if record.epoch < epoch:
            raise not_found()
        if not can_be_captioned(record):
            raise not_ready(record)
        update = Update().set(
            options=options,
            edited_concise=None,
            edited_creative=None,
            edited_alt_text=None,
            edited_at=None,
        )
        return await self._restart(record, Status.CAPTIONING, update, refusal=not_ready)

    async def retry(self, record: ImageRecord) -> ImageRecord:
        """Begin a job at the stage of a failed image whose input is still there.

        Raises ``Problem`` 409: ``not_failed``, ``not_retryable``.
        """
        if record.status is not Status.FAILED:
            raise _not_failed(record)
        start: Start = Status.QUEUED
        source = record.upload_key
        if record.model_input is not None:
            start, source = Status.CAPTIONING, record.model_input.key
        retryable = record.error is not None and record.error.retryable
        if not retryable or await self.objects.newest(source) is None:
            raise Problem(
                HTTPStatus.CONFLICT,
                "not_retryable",
                "Another try can't succeed. Please send the photo again.",
            )
        return await self._restart(record, start, Update(), refusal=_not_failed)

    async def upgrade(self, record: ImageRecord) -> ImageRecord:
        """Begin a job that replaces degraded captions that wait for better ones, asked for as
        these were. Until it is done, and if it fails, they stay.

        Raises ``ConditionFailed`` if they wait no more, or were edited.
        """
        job = uuid.uuid4().hex
        update = (
            Update()
            .set(upgrade_job=job, upgrade_tries=record.upgrade_tries + 1)
            .when("attribute_not_exists({edited_at})")
            .when("{active_shard} = :waiting", waiting=upgrade_shard(record.image_id))
        )
        return await self._begin(record, Status.CAPTIONING, update, job=job)

    async def send(self, record: ImageRecord) -> None:
        """Send the message of the job that ``record`` has just begun."""
        message = message_of(record)
        if message is None:
            raise ValueError("a job that begins has a message")
        try:
            await self.publishers[record.status].publish(message)
            await self.records.mark_sent(record)
        except Exception as error:  # noqa: BLE001  the job is durable, whatever went wrong
            # The sweeper sends what is not marked as sent.
            logger.warning(
                "hop left to the sweeper",
                extra={"image_id": record.image_id, "error": type(error).__name__},
            )

    async def _restart(
        self,
        record: ImageRecord,
        start: Start,
        update: Update,
        *,
        refusal: Callable[[ImageRecord], Problem],
    ) -> ImageRecord:
        """Write a new job of the owner's; ``refusal`` if the record has moved since it was read."""
        update.set(upgrade_job=None, upgrade_tries=None)
        try:
            return await self._begin(record, start, update, job=uuid.uuid4().hex)
        except ConditionFailed as failed:
            raise (refusal(failed.record) if failed.record else not_found()) from failed

    async def _begin(
        self, record: ImageRecord, start: Start, update: Update, *, job: str
    ) -> ImageRecord:
        """Write a new job, unsent. Raises ``ConditionFailed`` if the record has moved."""
        now = self.clock()
        written = timestamp(datetime.fromtimestamp(now, UTC))
        update.set(
            status=start,
            job=job,
            error=None,
            sent=False,
            attempts_made=0,
            claimed_at=None,
            lease_id=None,
            lease_until=None,
            check_at=now + LOST_HOP_S,
            active_shard=active_shard(record.image_id),
            hop_started_at=written,
            updated_at=written,
            timeline=_kept_of(record.timeline, start),
        )
        update.add("version", 1)
        update.when("{job} = :job", job=record.job)
        update.when("{status} = :status", status=record.status)
        try:
            return await self.records.update(record.user_id, record.image_id, update)
        except ConditionFailed as failed:
            # The answer was lost and the call repeated: what stands in its way is its own effect.
            if failed.record is not None and failed.record.job == job:
                return failed.record
            raise


def can_be_captioned(record: ImageRecord) -> bool:
    """Whether no job runs that anybody asked for, and there is something to show to a model."""
    return (record.status.is_terminal or record.is_upgrading) and record.model_input is not None


def _not_failed(record: ImageRecord) -> Problem:
    return Problem(HTTPStatus.CONFLICT, "not_failed", f"The image is {record.status}.")


def _kept_of(timeline: tuple[StageTime, ...], start: Start) -> tuple[StageTime, ...]:
    """The stages whose results the new job builds on, so that no timeline grows for ever."""
    if start is Status.QUEUED:
        return ()
    built_on = [end for end, entry in enumerate(timeline, 1) if entry.stage in {"ingest", "labels"}]
    return timeline[: max(built_on, default=0)]
