"""One stage of one job, from claim to end: what ingest and captioner have in common.

However the work ends, the lease ends with it: finished, failed for the owner to read, or given
back, with the attempt counted if it was the job's fault and uncounted if it was not.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from shared.consumer import Delivery
from shared.contracts import Message
from shared.errors import (
    DependencyUnavailable,
    FailureCode,
    Permanent,
    Postponed,
    StaleRecord,
    Transient,
)
from shared.leases import Claim, Leases, Needs, Refused
from shared.record_store import ConditionFailed
from shared.records import MAX_ATTEMPTS, Failure, ImageRecord, Refusal, Stage, Status

logger = logging.getLogger(__name__)

POSTPONE_JITTER_S = 5.0
# A deletion of everything that a message has to wait for: mostly seconds, but it may be long, and a
# message that is received too often is dead-lettered.
POSTPONE_FIRST_S = 3.0
POSTPONE_MAX_S = 600.0

_STAGE_NAMES: dict[Stage, Literal["ingest", "caption"]] = {
    Status.INGESTING: "ingest",
    Status.CAPTIONING: "caption",
}

# What the owner reads when a job failed through no fault of the photo.
_DETAILS: dict[FailureCode, str] = {
    "providers_exhausted": "No caption model could answer. Please try again later.",
    "timed_out": "This photo took too long. Please try again.",
    "internal_error": "Something went wrong on our side. Please try again.",
}

Work = Callable[[Claim], Awaitable[None]]
Resend = Callable[[ImageRecord], Awaitable[None]]
Finished = Callable[[ImageRecord], Awaitable[None]]
Vanished = Callable[[Message], Awaitable[bool]]


class StageRunner:
    """Runs one stage's work under a lease.

    ``work`` does the stage and moves the record on. ``resend`` puts the next message on its queue
    when an earlier worker died before it could; ``finished`` does what such a worker had yet to do
    once the stage was over. ``vanished(message)`` removes what may be left
    of an image whose record is gone, or hidden since its owner deleted everything; ``False`` if it
    is too early for that. ``needs`` names an item that the work finds in its claim.
    """

    def __init__(
        self,
        leases: Leases,
        stage: Stage,
        *,
        work: Work,
        vanished: Vanished,
        resend: Resend | None = None,
        finished: Finished | None = None,
        needs: Needs | None = None,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._leases = leases
        self._stage = stage
        self._work = work
        self._vanished = vanished
        self._resend = resend
        self._finished = finished
        self._needs = needs
        self._clock = clock

    async def run(self, delivery: Delivery) -> None:
        """Do the stage for ``delivery``'s job; returning means that its message may go."""
        message = delivery.message
        claim = await self._leases.claim(message, self._stage, needs=self._needs)
        if isinstance(claim, Refused):
            await self._refused(claim, delivery)
            return
        delivery.keep_leased(lambda: self._leases.extend(claim))
        try:
            await self._work_under(claim, delivery)
        except ConditionFailed as error:
            if error.record is not None:
                raise
            await self._clear_away(delivery)

    async def _work_under(self, claim: Claim, delivery: Delivery) -> None:
        try:
            await self._work(claim)
        except Permanent as error:
            logger.info("photo failed", extra={"code": error.code})
            await self._leases.fail(claim, self._failure(error.code, error.detail, retryable=False))
        except StaleRecord:
            raise
        except asyncio.CancelledError:
            if not delivery.is_overdue:
                await self._leases.release(claim)
                raise
            # Uncounted, a job that always hangs would be begun again for ever.
            await self._failed_attempt(claim, Transient("the job hung", code="timed_out"))
        except DependencyUnavailable:
            # No fault of the job's: whoever takes it up next starts afresh.
            await self._leases.release(claim, patient=True)
            raise
        except Exception as error:  # noqa: BLE001  counted, and raised again but for the last time
            await self._failed_attempt(claim, error)

    async def _refused(self, refused: Refused, delivery: Delivery) -> None:
        record = refused.record
        logger.info("not claimed", extra={"refusal": refused.refusal})
        if record is None:
            await self._clear_away(delivery)
        elif refused.refusal is Refusal.LEASED:
            ends_in = max(0.0, (record.lease_until or 0.0) - self._clock())
            raise Postponed(ends_in + random.uniform(1, POSTPONE_JITTER_S))  # noqa: S311
        elif refused.refusal is Refusal.UNSENT_HOP and self._resend is not None:
            await self._resend(record)
        elif refused.refusal is Refusal.FINISHED and self._finished is not None:
            await self._finished(record)
        elif refused.refusal is Refusal.EXHAUSTED:
            await self._leases.fail_exhausted(record, self._last_failure("timed_out"))

    async def _clear_away(self, delivery: Delivery) -> None:
        if not await self._vanished(delivery.message):
            waits = POSTPONE_FIRST_S * 1.5 ** min(delivery.receive_count, 30)
            raise Postponed(min(waits, POSTPONE_MAX_S) + random.uniform(1, POSTPONE_JITTER_S))  # noqa: S311

    async def _failed_attempt(self, claim: Claim, error: Exception) -> None:
        """An attempt that counts: fail the record if it was the last one, else raise ``error``."""
        if claim.record.attempts_made < MAX_ATTEMPTS:
            await self._leases.give_up_attempt(claim)
            raise error
        logger.error("attempts exhausted", exc_info=error)
        code: FailureCode = error.code if isinstance(error, Transient) else "internal_error"
        await self._leases.fail(claim, self._last_failure(code))

    def _last_failure(self, code: FailureCode) -> Failure:
        return self._failure(code, _DETAILS.get(code, _DETAILS["internal_error"]), retryable=True)

    def _failure(self, code: FailureCode, detail: str, *, retryable: bool) -> Failure:
        stage = _STAGE_NAMES[self._stage]
        return Failure(code=code, detail=detail, retryable=retryable, stage=stage)
