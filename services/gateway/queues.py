"""The queues as operators see them: how full, how old, and emptied only when asked by name."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import aioboto3
from botocore.exceptions import BotoCoreError, ClientError

from shared.admin_api import QueueName, QueueOrDeadLetters, QueueView
from shared.aws import calls_to, client_config, error_code

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient

logger = logging.getLogger(__name__)

METRICS_TIMEOUT_S = 2.0
# SQS reports its metrics once a minute, and some minutes late.
_METRICS_WINDOW = timedelta(minutes=15)
_DEPTHS: tuple[Any, ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True)
class Queue:
    """The addresses of a queue and of its dead letters."""

    name: QueueName
    url: str
    dead_letters_url: str


@asynccontextmanager
async def metrics_client(session: aioboto3.Session) -> AsyncIterator[Any]:
    """A client of CloudWatch that gives up at once: an age is nice to have, and no more."""
    config = client_config(
        connections=2,
        connect_timeout_s=METRICS_TIMEOUT_S,
        read_timeout_s=METRICS_TIMEOUT_S,
        tries=1,
    )
    async with session.client("cloudwatch", config=config) as client:
        yield client


class Queues:
    """All queues. ``cloudwatch`` is botocore's client, of which no types are installed."""

    def __init__(
        self, sqs: "SQSClient", cloudwatch: Any, queues: Mapping[QueueName, Queue]
    ) -> None:
        self._sqs = sqs
        self._cloudwatch = cloudwatch
        self._queues = queues

    def named(self, name: str) -> Queue | None:
        """The queue called ``name``, also by the name of its dead letters, if there is one."""
        return next((q for q in self._queues.values() if name in {q.name, f"{q.name}-dlq"}), None)

    async def views(self) -> list[QueueView]:
        """The state of each queue. Raises ``DependencyUnavailable`` if SQS does not answer."""
        queues = list(self._queues.values())
        ages, views = await asyncio.gather(
            self._ages(queues), asyncio.gather(*map(self._view, queues))
        )
        return [view.model_copy(update={"oldest_age_s": ages.get(view.name)}) for view in views]

    async def dead_letters(self, queue: Queue) -> int:
        """How many dead letters there are, about."""
        return sum(await self._depths(queue.dead_letters_url))

    async def purge(self, name: QueueOrDeadLetters) -> None:
        """Delete all messages of exactly the queue called ``name``."""
        queue = self._queues[_queue_name(name)]
        url = queue.dead_letters_url if name.endswith("-dlq") else queue.url
        try:
            with calls_to("sqs"):
                await self._sqs.purge_queue(QueueUrl=url)
        except ClientError as error:
            if not error_code(error).endswith("PurgeQueueInProgress"):
                raise  # one a minute is all that SQS does, and the one under way will do

    async def _view(self, queue: Queue) -> QueueView:
        (visible, in_flight, delayed), dead_letters = await asyncio.gather(
            self._depths(queue.url), self.dead_letters(queue)
        )
        return QueueView(
            name=queue.name,
            visible=visible,
            in_flight=in_flight,
            delayed=delayed,
            dead_letters=dead_letters,
        )

    async def _depths(self, url: str) -> list[int]:
        with calls_to("sqs"):
            response = await self._sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=list(_DEPTHS)
            )
        attributes = response.get("Attributes", {})
        return [int(attributes.get(name, 0)) for name in _DEPTHS]

    async def _ages(self, queues: list[Queue]) -> dict[str, int]:
        """How old the oldest message of each queue is, in seconds, where that is known."""
        now = datetime.now(UTC)
        try:
            async with asyncio.timeout(METRICS_TIMEOUT_S):
                response = await self._cloudwatch.get_metric_data(
                    MetricDataQueries=[_age_query(queue) for queue in queues],
                    StartTime=now - _METRICS_WINDOW,
                    EndTime=now,
                    ScanBy="TimestampDescending",
                )
        except (BotoCoreError, ClientError, TimeoutError) as error:
            logger.info("no ages", extra={"error": type(error).__name__})
            return {}
        return {
            result["Id"]: round(result["Values"][0])
            for result in response["MetricDataResults"]
            if result.get("Values")
        }


def purgeable(name: str) -> QueueOrDeadLetters | None:
    """``name`` if there is a queue of exactly this name."""
    return next((each for each in get_args(QueueOrDeadLetters) if each == name), None)


def _queue_name(name: QueueOrDeadLetters) -> QueueName:
    return "ingest" if name.startswith("ingest") else "caption"


def _age_query(queue: Queue) -> dict[str, Any]:
    dimension = {"Name": "QueueName", "Value": queue.url.rsplit("/", 1)[-1]}
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [dimension],
    }
    return {"Id": queue.name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
