"""Dead letters sent back to their queue: by SQS itself, or by us where it can't.

Ours are sent first and deleted after, so that a crash in between leaves two copies, never none;
and never more of them than there were at the start, so that letters which die again don't go round.
"""

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.gateway.queues import Queue, Queues
from shared.aws import calls_to, error_code
from shared.errors import DependencyUnavailable
from shared.settling import MESSAGE_ATTRIBUTES_MAX, REASON_ATTRIBUTE, TRIES_ATTRIBUTE

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient
    from types_aiobotocore_sqs.type_defs import MessageTypeDef

logger = logging.getLogger(__name__)

MOVE_MAX_S = 300.0
HIDDEN_S = 60  # longer than a batch takes to be sent and deleted
BATCH_MAX = 10
POLL_WAIT_S = 1
_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException"})
_NOT_SENT_ON = (REASON_ATTRIBUTE, TRIES_ATTRIBUTE)


class Redrives:
    """Starts redrives, one at a time for each queue, and owns those that we do ourselves."""

    def __init__(self, sqs: "SQSClient", queues: Queues) -> None:
        self._sqs = sqs
        self._queues = queues
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start(self, queue: Queue) -> int:
        """Begin to move the queue's dead letters back; about how many there are.

        Started again while one runs, nothing more happens. Raises ``DependencyUnavailable``.
        """
        letters = await self._queues.dead_letters(queue)
        if queue.name in self._running or not letters:
            return letters
        try:
            await self._ask_sqs(queue)
        except ClientError as error:
            if error_code(error) in _FORBIDDEN:
                raise
            # An emulator that can't, or SQS that won't: then we do it. Were both at it after all,
            # a letter would be sent twice, which the claims on its record survive.
            logger.info("redriving by hand", extra={"error": error_code(error)})
            if queue.name not in self._running:
                task = asyncio.create_task(self._move(queue, letters), name=f"redrive {queue.name}")
                self._running[queue.name] = task
                task.add_done_callback(lambda _: self._running.pop(queue.name, None))
        logger.info("redrive started", extra={"queue": queue.name, "messages": letters})
        return letters

    async def close(self) -> None:
        """Stop; what was not moved stays a dead letter."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask_sqs(self, queue: Queue) -> None:
        source, target = [await self._arn(url) for url in (queue.dead_letters_url, queue.url)]
        tasks = await self._sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)
        if any(task.get("Status") == "RUNNING" for task in tasks.get("Results", [])):
            return
        # Letters that a consumer sent there itself have no source queue: it must be named.
        await self._sqs.start_message_move_task(SourceArn=source, DestinationArn=target)

    async def _arn(self, url: str) -> str:
        with calls_to("sqs"):
            found = await self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return found["Attributes"]["QueueArn"]

    async def _move(self, queue: Queue, letters: int) -> None:
        moved = 0
        try:
            async with asyncio.timeout(MOVE_MAX_S):
                while moved < letters:
                    some = await self._receive(queue, letters - moved)
                    if not some:
                        break
                    moved += await self._move_batch(queue, some)
        except (DependencyUnavailable, ClientError, TimeoutError) as error:
            logger.warning("redrive ended early", extra={"error": type(error).__name__})
        logger.info("redriven", extra={"queue": queue.name, "messages": moved})

    async def _receive(self, queue: Queue, wanted: int) -> "list[MessageTypeDef]":
        with calls_to("sqs"):
            response = await self._sqs.receive_message(
                QueueUrl=queue.dead_letters_url,
                MaxNumberOfMessages=min(wanted, BATCH_MAX),
                VisibilityTimeout=HIDDEN_S,
                WaitTimeSeconds=POLL_WAIT_S,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["AWSTraceHeader"],
            )
        return response.get("Messages", [])

    async def _move_batch(self, queue: Queue, messages: "list[MessageTypeDef]") -> int:
        with calls_to("sqs"):
            answer = await self._sqs.send_message_batch(
                QueueUrl=queue.url,
                Entries=[_entry(number, message) for number, message in enumerate(messages)],
            )
            sent = [messages[int(entry["Id"])] for entry in answer.get("Successful", [])]
            if not sent:
                raise DependencyUnavailable("sqs")
            await self._sqs.delete_message_batch(
                QueueUrl=queue.dead_letters_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(sent)
                ],
            )
        return len(sent)


def _entry(number: int, message: "MessageTypeDef") -> Any:
    attributes = {
        name: {
            key: value[key] for key in ("DataType", "StringValue", "BinaryValue") if key in value
        }
        for name, value in message.get("MessageAttributes", {}).items()
        if name not in _NOT_SENT_ON
    }
    entry: dict[str, Any] = {
        "Id": str(number),
        "MessageBody": message["Body"],
        "MessageAttributes": dict(list(attributes.items())[:MESSAGE_ATTRIBUTES_MAX]),
    }
    header = message.get("Attributes", {}).get("AWSTraceHeader")
    if header is not None:
        entry["MessageSystemAttributes"] = {
            "AWSTraceHeader": {"DataType": "String", "StringValue": header}
        }
    return entry
