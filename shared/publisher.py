"""Contracts onto a queue, with the trace they belong to.

Sends that come within a few milliseconds of each other share one call: SQS bills and times calls,
not messages. ``publish`` returns only when SQS has the message.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from shared.aws import calls_to
from shared.batching import Batching
from shared.contracts import Message
from shared.errors import DependencyUnavailable
from shared.telemetry import context_attributes, send_span, xray_header

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient

logger = logging.getLogger(__name__)

LINGER_S = 0.005  # how long the first message of a batch waits for company


@dataclass(slots=True)
class _Pending:
    entry: dict[str, Any]
    sent: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Publisher:
    """Sends messages to one queue. Use as an asynchronous context manager."""

    def __init__(self, sqs: "SQSClient", queue_url: str, *, linger: float = LINGER_S) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._queue = queue_url.rsplit("/", 1)[-1]
        self._batches = Batching(self._send, linger=linger, name="publisher")

    async def __aenter__(self) -> Self:
        await self._batches.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._batches.__aexit__(kind, error, traceback)

    async def publish(self, message: Message) -> None:
        """Put ``message`` on the queue. Raises ``DependencyUnavailable`` if SQS did not take it."""
        with send_span(self._queue):
            entry: dict[str, Any] = {
                "MessageBody": message.model_dump_json(exclude_none=True),
                "MessageAttributes": context_attributes(),
            }
            header = xray_header()
            if header is not None:
                entry["MessageSystemAttributes"] = {
                    "AWSTraceHeader": {"DataType": "String", "StringValue": header}
                }
            pending = _Pending(entry)
            self._batches.add(pending)
            await pending.sent

    async def _send(self, batch: list[_Pending]) -> None:
        try:
            with calls_to("sqs"):
                response = await self._sqs.send_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {"Id": str(number), **pending.entry}  # type: ignore[typeddict-item]
                        for number, pending in enumerate(batch)
                    ],
                )
        except Exception as error:  # noqa: BLE001  whoever waits must hear of it, whatever it is
            for pending in batch:
                _settle(pending, error)
            return
        # A batch call succeeds even when some of its entries did not.
        refused = {failure["Id"]: failure for failure in response.get("Failed", [])}
        for number, pending in enumerate(batch):
            failure = refused.get(str(number))
            if failure is not None:
                logger.warning("send refused", extra={"code": failure["Code"]})
            _settle(pending, DependencyUnavailable("sqs") if failure is not None else None)


def _settle(pending: _Pending, error: Exception | None) -> None:
    if pending.sent.done():
        return  # its caller was cancelled meanwhile
    if error is None:
        pending.sent.set_result(None)
    else:
        pending.sent.set_exception(error)
