"""How a delivery ends on its queue: deleted in batches, given back for later, or dead-lettered.

No call here raises: a message that could not be settled is delivered again, which every handler
survives, so the failure is logged and left at that.
"""

import asyncio
import logging
import random
from types import TracebackType
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError

from shared.batching import Batching

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient
    from types_aiobotocore_sqs.type_defs import (
        MessageAttributeValueTypeDef,
        MessageTypeDef,
        SendMessageRequestTypeDef,
    )

logger = logging.getLogger(__name__)

LINGER_S = 0.05  # how long the first delete of a batch waits for company
DELETE_TRIES = 3
VISIBILITY_MAX_S = 12 * 3600  # SQS's own limit
MESSAGE_ATTRIBUTES_MAX = 10  # that SQS takes with a message
REASON_ATTRIBUTE = "caption_reason"
TRIES_ATTRIBUTE = "caption_tries"
TRACE_ATTRIBUTES = ("traceparent", "tracestate", "baggage")  # W3C's names


class Settler:
    """Ends the deliveries of one queue. Use as an asynchronous context manager."""

    def __init__(
        self,
        sqs: "SQSClient",
        *,
        queue_url: str,
        dead_letter_url: str,
        linger: float = LINGER_S,  # seconds
    ) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._dead_letter_url = dead_letter_url
        self._deletes = Batching(self._delete, linger=linger, name="deletes")

    async def __aenter__(self) -> Self:
        await self._deletes.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._deletes.__aexit__(kind, error, traceback)

    def delete(self, message: "MessageTypeDef") -> None:
        """Delete soon, together with others. The end of the block waits for it."""
        self._deletes.add(message["ReceiptHandle"])

    async def show_in(self, message: "MessageTypeDef", delay: float) -> bool:
        """Let the message be delivered again ``delay`` seconds from now; whether SQS agreed."""
        try:
            await self._sqs.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=min(max(0, round(delay)), VISIBILITY_MAX_S),
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("visibility not changed", extra={"error": type(error).__name__})
            return False
        return True

    async def dead_letter(self, message: "MessageTypeDef", *, reason: str, tries: int) -> None:
        """Move the message to the dead-letter queue, with the reason for whoever looks there.

        Sent first and deleted after: a crash in between leaves two copies, never none. It stays
        in the trace it came with.
        """
        arguments: SendMessageRequestTypeDef = {
            "QueueUrl": self._dead_letter_url,
            "MessageBody": message["Body"],
            "MessageAttributes": _dead_letter_attributes(message, reason, tries),
        }
        header = message.get("Attributes", {}).get("AWSTraceHeader")
        if header is not None:
            arguments["MessageSystemAttributes"] = {
                "AWSTraceHeader": {"DataType": "String", "StringValue": header}
            }
        try:
            await self._sqs.send_message(**arguments)
        except (BotoCoreError, ClientError) as error:
            logger.warning("not dead-lettered", extra={"error": type(error).__name__})
            return
        self.delete(message)

    async def _delete(self, receipts: list[str]) -> None:
        for attempt in range(DELETE_TRIES):
            if attempt:
                await asyncio.sleep(random.uniform(0.5, 1) * 0.2 * 2**attempt)  # noqa: S311
            receipts = await self._delete_once(receipts)
            if not receipts:
                return
        logger.warning("left undeleted, to be delivered again", extra={"count": len(receipts)})

    async def _delete_once(self, receipts: list[str]) -> list[str]:
        """Delete a batch; the receipts that are worth another try."""
        try:
            response = await self._sqs.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": receipt}
                    for number, receipt in enumerate(receipts)
                ],
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("delete failed", extra={"error": type(error).__name__})
            return receipts
        # A batch call succeeds even when some of its entries did not.
        failed = response.get("Failed", [])
        for failure in failed:
            logger.warning("delete refused", extra={"code": failure["Code"]})
        # A sender's fault (a receipt that has run out) stays one, however often it is sent.
        return [receipts[int(f["Id"])] for f in failed if not f["SenderFault"]]


def _dead_letter_attributes(
    message: "MessageTypeDef", reason: str, tries: int
) -> "dict[str, MessageAttributeValueTypeDef]":
    ours: dict[str, MessageAttributeValueTypeDef] = {
        REASON_ATTRIBUTE: {"DataType": "String", "StringValue": reason[:1024] or "?"},
        TRIES_ATTRIBUTE: {"DataType": "Number", "StringValue": str(tries)},
    }
    # The text ones only, which a trace's are: more than ten and the whole send would be refused.
    theirs: dict[str, MessageAttributeValueTypeDef] = {
        name: {"DataType": value["DataType"], "StringValue": value["StringValue"]}
        for name, value in message.get("MessageAttributes", {}).items()
        if "StringValue" in value and name not in ours
    }
    trace = {name: theirs.pop(name) for name in TRACE_ATTRIBUTES if name in theirs}
    return dict([*ours.items(), *trace.items(), *theirs.items()][:MESSAGE_ATTRIBUTES_MAX])
