"""Dead letters, looked at and left where they are: received for a moment, then shown again."""

import asyncio
import hashlib
import hmac
import json
import logging
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.admin_api import DeadLetterView
from shared.aws import calls_to
from shared.records import timestamp
from shared.settling import REASON_ATTRIBUTE, TRIES_ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from types_aiobotocore_sqs import SQSClient
    from types_aiobotocore_sqs.type_defs import MessageTypeDef

logger = logging.getLogger(__name__)

RECEIVE_MAX = 10  # messages SQS gives in one call
# Long enough to see each message once while looking; should we die, they are back after it.
HIDDEN_S = 15
LOOK_S = 8.0  # for all the looking
# By long polling SQS asks all its servers; a short poll may find nothing where there is something.
POLL_WAIT_S = 1
TOO_OFTEN = "received too often"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_JOB = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_KIND = re.compile(r"[a-z][a-z0-9_.]{0,63}", re.ASCII)
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_BODY_MAX = 256 * 1024  # bytes; SQS's own limit


class DeadLetters:
    """Looks at dead letters. ``hash_key`` keys the hashes that stand for users."""

    def __init__(self, sqs: "SQSClient", *, hash_key: bytes) -> None:
        self._sqs = sqs
        self._hash_key = hash_key

    async def look(self, url: str, *, limit: int) -> list[DeadLetterView]:
        """Up to ``limit`` letters of the queue at ``url``, oldest first.

        Each look counts as a receive in SQS. Raises ``DependencyUnavailable``.
        """
        async with self._shown_again(url) as held:
            try:
                async with asyncio.timeout(LOOK_S):
                    while len(held) < limit and (
                        some := await self._receive(url, limit - len(held))
                    ):
                        held.update({message["MessageId"]: message for message in some})
            except TimeoutError:
                logger.info("looked for too long", extra={"found": len(held)})
            views = [self._view(message) for message in held.values()]
        return sorted(views, key=lambda view: (view.sent_at or "", view.message_id))

    @asynccontextmanager
    async def _shown_again(self, url: str) -> "AsyncIterator[dict[str, MessageTypeDef]]":
        held: dict[str, MessageTypeDef] = {}
        try:
            yield held
        finally:
            receipts = [message["ReceiptHandle"] for message in held.values()]
            slices = [
                receipts[at : at + RECEIVE_MAX] for at in range(0, len(receipts), RECEIVE_MAX)
            ]
            await asyncio.gather(*(self._show(url, some) for some in slices))

    async def _receive(self, url: str, wanted: int) -> "list[MessageTypeDef]":
        with calls_to("sqs"):
            response = await self._sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(wanted, RECEIVE_MAX),
                VisibilityTimeout=HIDDEN_S,
                WaitTimeSeconds=POLL_WAIT_S,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            )
        return response.get("Messages", [])

    async def _show(self, url: str, receipts: list[str]) -> None:
        try:
            await self._sqs.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for number, receipt in enumerate(receipts)
                ],
            )
        except (BotoCoreError, ClientError, TimeoutError) as error:
            logger.warning("shown again later", extra={"error": type(error).__name__})

    def _view(self, message: "MessageTypeDef") -> DeadLetterView:
        attributes = {
            name: value.get("StringValue", "")
            for name, value in message.get("MessageAttributes", {}).items()
        }
        system = message.get("Attributes", {})
        tries = attributes.get(TRIES_ATTRIBUTE) or system.get("ApproximateReceiveCount", "0")
        trace = _TRACE_PARENT.fullmatch(attributes.get("traceparent", ""))
        body = _object(message.get("Body", ""))
        return DeadLetterView(
            message_id=message.get("MessageId", ""),
            reason=attributes.get(REASON_ATTRIBUTE, TOO_OFTEN),
            tries=int(tries) if re.fullmatch(r"\d{1,9}", tries, re.ASCII) else 0,
            sent_at=_moment(system.get("SentTimestamp")),
            kind=_matching(_KIND, body.get("kind")),
            image_id=_matching(_UUID, body.get("image_id")),
            job=_matching(_JOB, body.get("job")),
            user=self._user(body.get("user_id")),
            trace_id=trace[1] if trace else None,
        )

    def _user(self, user_id: object) -> str | None:
        if not isinstance(user_id, str):
            return None
        digest = hmac.digest(
            self._hash_key, b"dead letter\x00" + user_id.encode("utf-8", "replace"), hashlib.sha256
        )
        return digest.hex()[:16]


def _object(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body[:_BODY_MAX])
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    """``value`` if it looks like what it should be: a malformed body may hold anything."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _moment(milliseconds: str | None) -> str | None:
    if milliseconds is None or not milliseconds.isdigit():
        return None
    return timestamp(datetime.fromtimestamp(int(milliseconds) / 1000, UTC))
