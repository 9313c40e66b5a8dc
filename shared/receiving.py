"""Takes messages from one queue; waits, longer each time, while SQS does not answer."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.outage import Outage

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient
    from types_aiobotocore_sqs.type_defs import MessageTypeDef

logger = logging.getLogger(__name__)

RECEIVE_MAX = 10  # messages SQS gives in one call


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """For so long, but not beyond a stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), timeout=seconds)


class Receiver:
    """Long polls, each message hidden from other receivers for ``visibility`` seconds."""

    def __init__(
        self,
        sqs: "SQSClient",
        queue_url: str,
        *,
        visibility: float,
        poll_wait: int,  # seconds
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._visibility = visibility
        self._poll_wait = poll_wait
        self._outage = Outage(clock=clock)
        self._clock = clock
        self._received_at = clock()

    @property
    def seconds_since_receive(self) -> float:
        """How long ago SQS last answered, be it with nothing."""
        return self._clock() - self._received_at

    async def receive(self, most: int, stop: asyncio.Event) -> "list[MessageTypeDef]":
        """At most ``most`` messages; none after an outage's pause, which a stop ends."""
        if self._outage.remaining > 0:
            await wait(stop, self._outage.remaining)
            return []
        began = self._clock()
        try:
            # Never cancelled on stop: SQS may already have leased messages to this call.
            response = await self._sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=min(most, RECEIVE_MAX),
                VisibilityTimeout=round(self._visibility),
                WaitTimeSeconds=self._poll_wait,
                MessageAttributeNames=["All"],  # without this, trace context is dropped
                MessageSystemAttributeNames=[
                    "ApproximateReceiveCount",
                    "AWSTraceHeader",
                    "SentTimestamp",
                ],
            )
        except (BotoCoreError, ClientError, TimeoutError) as error:
            self._outage.failed(began)
            logger.warning(
                "receive failed",
                extra={
                    "queue": self._queue_url.rsplit("/", 1)[-1],
                    "error": type(error).__name__,
                    "retry_in_s": round(self._outage.remaining, 3),
                },
            )
            return []
        self._outage.succeeded(began)
        self._received_at = self._clock()
        return response.get("Messages", [])
