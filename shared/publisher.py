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
from shared.contracts import Message
from shared.errors import DependencyUnavailable
from shared.telemetry import context_attributes, xray_header

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient

logger = logging.getLogger(__name__)

BATCH_MAX = 10  # entries SQS takes in one call
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
        self._linger = linger
        self._pending: asyncio.Queue[_Pending | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._sends: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._gather_forever(), name="publisher")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._task is not None:
            await self._pending.put(None)
            await self._task
        await asyncio.gather(*self._sends, return_exceptions=True)

    async def publish(self, message: Message) -> None:
        """Put ``message`` on the queue. Raises ``DependencyUnavailable`` if SQS did not take it."""
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
        self._pending.put_nowait(pending)
        await pending.sent

    async def _gather_forever(self) -> None:
        closed = False
        while not closed:
            first = await self._pending.get()
            if first is None:
                return
            batch = [first]
            try:
                async with asyncio.timeout(self._linger):
                    while len(batch) < BATCH_MAX:
                        another = await self._pending.get()
                        if another is None:
                            closed = True
                            break
                        batch.append(another)
            except TimeoutError:
                pass
            task = asyncio.create_task(self._send(batch))
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

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
