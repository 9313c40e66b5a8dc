"""The worker loop: takes from a queue only what it can start, and loses nothing it took.

A delivery is settled when its handler returns. Whatever else happens, the message comes back: at
once when the worker is told to stop, later when the job failed for a passing reason, and by its
own visibility timeout when the worker dies. While what the jobs need is down, one message after
another is taken to try it with, at growing intervals: a queue is not turned over for nothing.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opentelemetry.trace import Span, StatusCode

from shared import metrics
from shared.contracts import ImageIngested, ImageUploaded, parse_message
from shared.errors import DependencyUnavailable, Malformed, Postponed, StaleRecord, Transient
from shared.outage import Outage, backoff
from shared.receiving import Receiver, wait
from shared.settling import Settler
from shared.telemetry import IMAGE_ID, OUTCOME, process_span

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient
    from types_aiobotocore_sqs.type_defs import MessageTypeDef

logger = logging.getLogger(__name__)

RETRY_FIRST_S = 2.0
RETRY_MAX_S = 300.0
TURN_S = 5.0  # at least so often does the loop go round while it waits for a job to end


@dataclass(frozen=True, slots=True)
class Options:
    """How a consumer works. ``poll_wait + drain`` must stay below the platform's stop timeout."""

    concurrency: int = 4
    lease: float = 60.0  # seconds; extended at a third
    lease_margin: float = 10.0  # seconds that a message stays hidden beyond the lease
    hold: float = 240.0  # seconds after which a job is taken for hung, and let go
    poll_wait: int = 10  # seconds; also how late a stop may be noticed
    drain: float = 45.0  # seconds

    @property
    def visibility(self) -> float:
        """Seconds a received message stays hidden. Never shorter than the lease on the record,
        or a second worker would meet a live lease with each message that comes back.
        """
        return self.lease + self.lease_margin


@dataclass(slots=True)
class Delivery:
    """One message in this worker's hands. ``receive_count`` is SQS's, 1 for the first time."""

    message: ImageUploaded | ImageIngested
    receive_count: int
    _extend: Callable[[], Awaitable[None]] | None = field(default=None, repr=False)
    _expired: Callable[[], bool] | None = field(default=None, repr=False)

    @property
    def is_overdue(self) -> bool:
        """Whether the work is cancelled for its own sake: it hung or lost its lease. Else it is
        cancelled because the worker stops.
        """
        return self._expired is not None and self._expired()

    def expires(self, expired: Callable[[], bool]) -> None:
        """``expired`` says whether the time that a job may take is over."""
        self._expired = expired

    def keep_leased(self, extend: Callable[[], Awaitable[None]]) -> None:
        """Call ``extend`` at each heartbeat. If it raises ``StaleRecord`` the work is stopped."""
        self._extend = extend

    async def heartbeat(self) -> None:
        """Extend what the handler asked to be extended."""
        if self._extend is not None:
            await self._extend()


Handler = Callable[[Delivery], Awaitable[None]]


class Consumer:
    """Runs ``handler`` for each message of one queue, at most ``concurrency`` at a time.

    ``receiver`` is a client with the patience of a long poll; ``sqs`` is for all else, so that a
    heartbeat without an answer is soon tried again.
    """

    def __init__(
        self,
        sqs: "SQSClient",
        *,
        receiver: "SQSClient",
        queue_url: str,
        dead_letter_url: str,
        handler: Handler,
        options: Options,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._dead_letter_url = dead_letter_url
        self._queue = queue_url.rsplit("/", 1)[-1]
        self._handler = handler
        self._options = options
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._turned_at = clock()
        self._outage = Outage(clock=clock)
        self._receiver = Receiver(
            receiver,
            queue_url,
            visibility=options.visibility,
            poll_wait=options.poll_wait,
            clock=clock,
        )

    @property
    def seconds_since_turn(self) -> float:
        """How long ago the loop last went round: only a stall of our own makes it grow."""
        return self._clock() - self._turned_at

    @property
    def seconds_since_receive(self) -> float:
        """How long ago SQS last answered; grows while it is down, and while all slots are busy."""
        return self._receiver.seconds_since_receive

    @property
    def in_flight(self) -> int:
        """Messages in this worker's hands."""
        return len(self._running)

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop`` is set, then finish or give back what is held, and return."""
        async with Settler(
            self._sqs, queue_url=self._queue_url, dead_letter_url=self._dead_letter_url
        ) as settler:
            while not stop.is_set():
                self._turned_at = self._clock()
                messages = await self._receive(stop, settler)
                began = self._clock()  # of all that came together: they fail as one
                for message in messages:
                    task = asyncio.create_task(self._process(message, began, settler))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
                # They start before the next poll is put together, which takes a millisecond.
                await asyncio.sleep(0)
            await self._drain()

    async def _receive(self, stop: asyncio.Event, settler: Settler) -> "list[MessageTypeDef]":
        if self._outage.remaining > 0:
            await wait(stop, self._outage.remaining)
            return []
        # Ask only for what can start now: a message waiting in memory burns its lease.
        slots = 1 if self._outage.is_on else self._options.concurrency
        free = slots - len(self._running)
        if free <= 0:
            await self._wait_for_slot(stop)
            return []
        messages = await self._receiver.receive(free, stop)
        if stop.is_set():
            await asyncio.gather(*(settler.show_in(message, 0) for message in messages))
            return []
        return messages

    async def _wait_for_slot(self, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait(
                {stopping, *self._running},
                timeout=TURN_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            stopping.cancel()

    async def _process(self, message: "MessageTypeDef", began: float, settler: Settler) -> None:
        attributes = message.get("Attributes", {})
        count = int(attributes.get("ApproximateReceiveCount", "1"))
        metrics.received(self._queue, sent_ms=attributes.get("SentTimestamp"), receive_count=count)
        with process_span(message, self._queue) as span:
            try:
                outcome = await self._settle(message, count, began, settler, span)
            except asyncio.CancelledError:
                await settler.show_in(message, 0)
                logger.info("released", extra={"queue": self._queue})
                raise
            span.set_attribute(OUTCOME, outcome)
            seconds = self._clock() - began
            metrics.handled(self._queue, outcome, seconds)
            logger.info(
                "message handled",
                extra={
                    "queue": self._queue,
                    "outcome": outcome,
                    "receive_count": count,
                    "duration_ms": round(seconds * 1000),
                },
            )

    async def _settle(
        self,
        message: "MessageTypeDef",
        count: int,
        began: float,
        settler: Settler,
        span: Span,
    ) -> str:
        """Handle one message and see to its fate; the name of the outcome."""
        try:
            delivery = Delivery(parse_message(message["Body"]), count)
            span.set_attribute(IMAGE_ID, delivery.message.image_id)
            await self._handle(message, delivery, settler)
        except Malformed as error:
            logger.error("malformed message", extra={"reason": error.reason})
            await settler.dead_letter(message, reason=error.reason, tries=count)
            return "dead_lettered"
        except Postponed as error:
            await settler.show_in(message, error.delay)
            return "postponed"
        except StaleRecord:
            # Its new holder settles it; should that one die, the message is still here.
            await settler.show_in(message, self._options.visibility)
            return "lost_lease"
        except Exception as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            expected = isinstance(error, Transient | DependencyUnavailable)
            if isinstance(error, DependencyUnavailable):
                self._outage.failed(began)
            logger.warning(
                "will retry",
                extra={"error": type(error).__name__},
                exc_info=None if expected else error,
            )
            await settler.show_in(message, _retry_delay(error, count))
            return "retried"
        self._outage.succeeded(began)
        settler.delete(message)
        return "settled"

    async def _handle(
        self, message: "MessageTypeDef", delivery: Delivery, settler: Settler
    ) -> None:
        """Keep message and record leased while the handler runs, but not for ever."""
        scope = asyncio.timeout(self._options.hold)
        delivery.expires(scope.expired)
        hearts: list[asyncio.Task[None]] = []

        def begin() -> None:
            hearts.append(asyncio.create_task(self._beat(message, delivery, settler, scope)))

        try:
            async with scope:
                # Until the first beat is due a timer will do: to start a task costs more.
                first = asyncio.get_running_loop().call_later(self._options.lease / 3, begin)
                try:
                    await self._handler(delivery)
                finally:
                    first.cancel()
                    for heart in hearts:
                        heart.cancel()
                        with suppress(asyncio.CancelledError):
                            await heart
        except TimeoutError as error:
            if not scope.expired():
                raise  # the handler's own
            raise Transient("the lease was lost, or the job hung") from error

    async def _beat(
        self,
        message: "MessageTypeDef",
        delivery: Delivery,
        settler: Settler,
        scope: asyncio.Timeout,
    ) -> None:
        while True:
            try:
                # The message first: it must never become visible under a live lease.
                if await settler.show_in(message, self._options.visibility):
                    await delivery.heartbeat()
            except StaleRecord:
                logger.warning("lease lost", extra={"queue": self._queue})
                scope.reschedule(asyncio.get_running_loop().time())
                return
            except Exception as error:  # noqa: BLE001  the job lives on, and the next may succeed
                logger.warning("heartbeat failed", extra={"error": type(error).__name__})
            await asyncio.sleep(self._options.lease / 3)

    async def _drain(self) -> None:
        if not self._running:
            return
        logger.info("draining", extra={"running": len(self._running)})
        _, late = await asyncio.wait(self._running, timeout=self._options.drain)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _retry_delay(error: Exception, receive_count: int) -> float:
    least = error.retry_after if isinstance(error, Transient) else None
    return max(least or 0.0, backoff(receive_count, first=RETRY_FIRST_S, most=RETRY_MAX_S))
