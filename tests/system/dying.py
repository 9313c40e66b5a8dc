"""Worker processes of a stack that are made to die, and what is behind the API when they have."""

import json
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from infra.local.ownership import Owned, recorded
from shared.contracts import ImageIngested, ImageUploaded, Message
from shared.hops import message_of
from shared.items import from_item, plain
from shared.records import ImageRecord, Status
from tests.photos import encoded, real_picture
from tests.stack import Stack

SERVICES = ("ingest", "captioner")
MESSAGES_A_CALL = 10  # SQS's own limit
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def small_photos(count: int) -> list[bytes]:
    """Photographs of 300 x 200 pixels, no two of them the same."""
    picture = real_picture().resize((300, 200))
    return [
        encoded(picture.rotate(number / 2, Image.Resampling.BILINEAR), "JPEG", quality=85)
        for number in range(count)
    ]


def uploaded(record: ImageRecord) -> ImageUploaded:
    """The message that first brought ``record`` to ingest."""
    message = message_of(record.model_copy(update={"status": Status.QUEUED}))
    assert isinstance(message, ImageUploaded)
    return message


def ingested(record: ImageRecord) -> ImageIngested:
    """The message that brought ``record`` to the captioner."""
    message = message_of(record.model_copy(update={"status": Status.CAPTIONING}))
    assert isinstance(message, ImageIngested)
    return message


@dataclass(frozen=True)
class Death:
    """How a worker ended, in the supervisor's words."""

    process: str
    how: str


class Reaper:
    """Ends workers that are at work, of each service the one that has lived longest."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._heard: dict[str, int] = {}  # bytes of each log that are of earlier lives
        self.killed: list[str] = []
        self.stopped: list[str] = []

    def kill(self, service: str) -> bool:
        """SIGKILL one worker of ``service``; ``False`` if none is at work."""
        return self._strike(service, signal.SIGKILL, self.killed)

    def stop(self, service: str) -> bool:
        """SIGTERM one worker of ``service``; ``False`` if none is at work."""
        return self._strike(service, signal.SIGTERM, self.stopped)

    def at_work(self, service: str) -> list[Owned]:
        """The workers of ``service`` that have said they are ready, and were not struck since."""
        found = recorded(self._stack.state / "run")
        return [o for o in found if o.name.startswith(f"{service}-") and self._is_ready(o)]

    def deaths(self) -> list[Death]:
        """Every end of a worker so far."""
        events = map(json.loads, self._log("supervisor-1").decode().splitlines())
        return [
            Death(event["process"], event["how"])
            for event in events
            if event["event"] == "died, starting again"
        ]

    def _strike(self, service: str, signum: signal.Signals, struck: list[str]) -> bool:
        ready = self.at_work(service)
        if not ready:
            return False
        oldest = min(ready, key=self._born)
        self._heard[oldest.name] = len(self._log(oldest.name))
        oldest.send(signum)
        struck.append(oldest.name)
        return True

    def _is_ready(self, owned: Owned) -> bool:
        lines = self._log(owned.name)[self._heard.get(owned.name, 0) :].splitlines()
        return owned.alive and any(json.loads(line)["event"] == "ready" for line in lines)

    def _born(self, owned: Owned) -> float:
        return (self._stack.state / "run" / f"{owned.name}.pid").stat().st_mtime

    def _log(self, name: str) -> bytes:
        whole = (self._stack.state / "log" / f"{name}.log").read_bytes()
        return whole[: whole.rfind(b"\n") + 1]


class Inside:
    """The bucket, the table and the queues of a stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._s3 = stack.client("s3")
        self._dynamodb = stack.client("dynamodb")
        self._sqs = stack.client("sqs")

    def records(self, user_id: str) -> list[ImageRecord]:
        """Every image record of the user's, oldest first."""
        return [from_item(item) for item in self._query(f"USER#{user_id}", "IMAGE#")]

    def usage(self) -> dict[str, int]:
        """Today's counters, all services together, and those that are below zero by themselves."""
        counters: dict[str, int] = {}
        for item in self._query(f"USAGE#{datetime.now(UTC).date().isoformat()}"):
            for name, count in plain(item).items():
                if name not in {"PK", "SK", "ttl"}:
                    counters[f"{item['SK']['S']} {name}"] = int(count)
        return counters

    def keys(self, user_id: str) -> set[str]:
        """The keys of every version and marker of the user's."""
        found = set()
        for prefix in (f"images/{user_id}/", f"incoming/{user_id}/"):
            pages = self._s3.get_paginator("list_object_versions").paginate(
                Bucket=self._stack["IMAGES_BUCKET"], Prefix=prefix
            )
            for page in pages:
                entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                found |= {entry["Key"] for entry in entries}
        return found

    def waiting(self, *, dead_letters: bool = False) -> int:
        """Messages on the two queues, or on their dead-letter queues, delivered ones included."""
        kind = "DLQ" if dead_letters else "QUEUE"
        total = 0
        for queue in (f"INGEST_{kind}_URL", f"CAPTION_{kind}_URL"):
            answer = self._sqs.get_queue_attributes(
                QueueUrl=self._stack[queue], AttributeNames=list(_COUNTS)
            )
            total += sum(int(answer["Attributes"][name]) for name in _COUNTS)
        return total

    def send(self, messages: Sequence[Message]) -> None:
        """Put copies of messages on the queue of their kind."""
        for kind, queue in (
            (ImageUploaded, "INGEST_QUEUE_URL"),
            (ImageIngested, "CAPTION_QUEUE_URL"),
        ):
            bodies = [m.model_dump_json(exclude_none=True) for m in messages if isinstance(m, kind)]
            for at in range(0, len(bodies), MESSAGES_A_CALL):
                chosen = enumerate(bodies[at : at + MESSAGES_A_CALL])
                answer = self._sqs.send_message_batch(
                    QueueUrl=self._stack[queue],
                    Entries=[{"Id": str(number), "MessageBody": body} for number, body in chosen],
                )
                assert not answer.get("Failed")

    def _query(self, partition: str, begins: str = "") -> list[dict[str, Any]]:
        condition, values = "PK = :partition", {":partition": {"S": partition}}
        if begins:
            condition += " AND begins_with(SK, :begins)"
            values[":begins"] = {"S": begins}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._stack["RECORDS_TABLE"],
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        return [item for page in pages for item in page["Items"]]
