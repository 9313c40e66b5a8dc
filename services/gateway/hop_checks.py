"""What the sweeper does about a photo that is not done: sends what was not sent, ends what is over.

Of several sweepers the one whose conditional write wins acts. A message that is sent is sent again
only if its queue has nothing waiting, because a long queue is not a lost message.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from shared.aws import calls_to
from shared.errors import DependencyUnavailable, StaleRecord
from shared.hops import message_of
from shared.items import Update
from shared.leases import Leases
from shared.publisher import Publisher
from shared.purging import Purger
from shared.record_store import ConditionFailed, Found
from shared.records import LOST_HOP_S, LOST_MESSAGE_S, MAX_ATTEMPTS, Failure, ImageRecord, Status

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient

logger = logging.getLogger(__name__)

# When a sent hop is looked at, in seconds after its start: after 15, 30 and 60 minutes' waiting.
CHECKS_S = (LOST_MESSAGE_S, 3 * LOST_MESSAGE_S, 7 * LOST_MESSAGE_S)
OVERDUE_S = 6 * 3600  # seconds after its start at which a hop is given up
LEASE_SLACK_S = 2.0  # between the end of a lease and the look after it: clocks differ a little
DEPTH_KEPT_S = 5.0
ERASURE_PAUSE_S = 60.0

StageName = Literal["ingest", "caption"]


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages a queue has: to be received yet, and received and not settled."""

    waiting: int
    in_flight: int


@dataclass(slots=True)
class Queue:
    """The queue of a stage, its depth asked for every few seconds at most."""

    sqs: "SQSClient"
    url: str
    publisher: Publisher
    clock: Callable[[], float] = time.monotonic  # seconds
    _depth: Depth | None = None
    _until: float = 0.0

    async def depth(self) -> Depth:
        """As of a few seconds ago; SQS itself knows it approximately."""
        if self._depth is None or self.clock() >= self._until:
            names = ("", "Delayed", "NotVisible")
            with calls_to("sqs"):
                answer = await self.sqs.get_queue_attributes(
                    QueueUrl=self.url,
                    AttributeNames=[
                        "ApproximateNumberOfMessages",
                        "ApproximateNumberOfMessagesDelayed",
                        "ApproximateNumberOfMessagesNotVisible",
                    ],
                )
            found = answer["Attributes"]
            visible, delayed, in_flight = (
                int(found[f"ApproximateNumberOfMessages{name}"])  # type: ignore[index]
                for name in names
            )
            self._depth = Depth(visible + delayed, in_flight)
            self._until = self.clock() + DEPTH_KEPT_S
        return self._depth


class HopChecks:
    """Looks after photos that are not done."""

    def __init__(
        self,
        leases: Leases,
        purger: Purger,
        queues: Mapping[StageName, Queue],
        *,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._leases = leases
        self._purger = purger
        self._records = purger.records
        self._queues = queues
        self._clock = clock

    async def check(self, user_id: str, image_id: str, *, seen: float) -> None:
        """Do what is due for an image since ``seen`` (Unix seconds), as the index had it."""
        key = (user_id, image_id)
        found = (await self._records.find([key])).get(key)
        if found is None:
            return
        record = found.record
        if record.check_at != seen:
            return  # somebody has looked at it since
        if found.is_erased:
            await self._clear_away(found)
        elif record.lease_until is not None and record.lease_until > self._clock():
            await self._take(record, check_at=record.lease_until + LEASE_SLACK_S)
        elif record.attempts_made >= MAX_ATTEMPTS or self._age(record) >= OVERDUE_S:
            await self._fail(record)
        else:
            await self._send_if_due(record)

    async def _clear_away(self, found: Found) -> None:
        """Remove what its owner has deleted, unless the deletion itself is about to."""
        record = found.record
        if found.owner.erasing:
            await self._take(record, check_at=self._clock() + ERASURE_PAUSE_S)
            return
        with suppress(StaleRecord):
            await self._purger.remove(record.user_id, record.image_id, before=found.owner.epoch)

    async def _send_if_due(self, record: ImageRecord) -> None:
        if not record.sent and not _was_claimed(record):
            if await self._take(record, check_at=self._clock() + LOST_HOP_S):
                await self._send(record)
                await self._records.mark_sent(record)
        elif await self._is_lost(record):
            if await self._take(record, check_at=self._next_check(record)):
                await self._send_again(record)
        else:
            await self._take(record, check_at=self._next_check(record))

    async def _is_lost(self, record: ImageRecord) -> bool:
        if self._age(record) < CHECKS_S[0]:
            return False
        depth = await self._queues[_stage_of(record)].depth()
        # A job that was taken up once may be hidden until its next attempt.
        return depth.waiting == 0 and (depth.in_flight == 0 or not _was_claimed(record))

    async def _send(self, record: ImageRecord) -> None:
        message = message_of(record)
        if message is None:
            await self._fail(record)
            return
        await self._queues[_stage_of(record)].publisher.publish(message)
        logger.info("hop sent", extra={"image_id": record.image_id, "stage": _stage_of(record)})

    async def _send_again(self, record: ImageRecord) -> None:
        try:
            await self._send(record)
        except DependencyUnavailable:
            # The next look would be half an hour away.
            soon = Update().set(check_at=self._clock() + LOST_HOP_S)
            await self._write(record, soon.when("{job} = :job", job=record.job))
            raise

    async def _take(self, record: ImageRecord, *, check_at: float) -> bool:
        """Put off the next look, and so win the right to act on this one."""
        update = (
            Update()
            .set(check_at=check_at, sent=record.sent or _was_claimed(record))
            .when("{job} = :job", job=record.job)
            .when("{status} = :status", status=record.status)
            .when("{check_at} = :seen", seen=record.check_at)
        )
        return await self._write(record, update)

    async def _write(self, record: ImageRecord, update: Update) -> bool:
        try:
            await self._records.update(record.user_id, record.image_id, update)
        except ConditionFailed:
            return False
        return True

    async def _fail(self, record: ImageRecord) -> None:
        failure = Failure(
            code="timed_out",
            detail="This photo took too long. Please try again.",
            retryable=True,
            stage=_stage_of(record),
        )
        if await self._leases.fail_overdue(record, failure):
            logger.warning("photo timed out", extra={"image_id": record.image_id})

    def _next_check(self, record: ImageRecord) -> float:
        age = self._age(record)
        following = next((check for check in CHECKS_S if check > age), OVERDUE_S)
        return self._clock() + following - age

    def _age(self, record: ImageRecord) -> float:
        return self._clock() - datetime.fromisoformat(record.hop_started_at).timestamp()


def _was_claimed(record: ImageRecord) -> bool:
    """Whether a worker has met the message of this hop, whatever became of it then."""
    claimed_since = record.claimed_at is not None and record.claimed_at > record.hop_started_at
    return claimed_since or record.status is Status.INGESTING


def _stage_of(record: ImageRecord) -> StageName:
    return "caption" if record.status is Status.CAPTIONING else "ingest"
