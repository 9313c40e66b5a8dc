"""A queue worker's process: its settings, its clients, its consumer, the line that says ready."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from shared import metrics
from shared.aws import aws_session, client_config, receive_config, s3_config, sqs_config
from shared.consumer import Consumer, Handler, Options
from shared.control_items import ControlItems
from shared.health import Report, health_server
from shared.item_store import ItemStore
from shared.leases import Leases
from shared.object_store import ObjectStore
from shared.purging import Purger
from shared.record_store import RecordStore
from shared.records import ImageRecord
from shared.sent_marks import SentMarks
from shared.tombstones import Tombstones
from shared.usage import UsageCounter

if TYPE_CHECKING:
    from types_aiobotocore_sqs import SQSClient

logger = logging.getLogger(__name__)

# Requests that one photo makes at the same time, at most: ingest stores three objects.
REQUESTS_PER_PHOTO = 3
STALL_S = 60.0  # beyond the poll; above the longest pause in an outage


class WorkerSettings(BaseSettings):
    """What every queue worker reads. Each service adds its prefix and its own.

    Credentials, region and endpoints are botocore's own variables.
    """

    images_bucket: str
    records_table: str
    queue_url: str
    dlq_url: str
    user_hash_key: SecretStr = Field(min_length=32, description="HMAC of user ids; all services'")
    concurrency: int = Field(default=4, ge=1, le=100, description="photos at once")
    lease_s: float = Field(default=60, ge=3, le=600)
    poll_wait_s: int = Field(default=10, ge=0, le=20)
    drain_s: float = Field(default=45, ge=0, le=110)
    health_port: int | None = Field(default=None, ge=0, le=65535, description="0 takes a free one")

    def options(self) -> Options:
        """How the consumer is to work."""
        return Options(
            concurrency=self.concurrency,
            lease=self.lease_s,
            poll_wait=self.poll_wait_s,
            drain=self.drain_s,
        )


@dataclass(frozen=True, slots=True)
class Tools:
    """What every worker works with, each made once."""

    sqs: "SQSClient"
    receiver: "SQSClient"  # for long polls
    records: RecordStore
    leases: Leases
    marks: SentMarks
    objects: ObjectStore
    purger: Purger
    items: ItemStore
    usage: UsageCounter


@asynccontextmanager
async def worker_tools(settings: WorkerSettings, *, service: str) -> AsyncIterator[Tools]:
    """The worker's clients and stores, closed at the end of the block. ``service`` is its name."""
    session = aws_session()
    connections = settings.concurrency * REQUESTS_PER_PHOTO
    config = client_config(connections=connections)
    polling = receive_config(poll_wait_s=settings.poll_wait_s)
    async with (
        session.client("dynamodb", config=config) as dynamodb,
        session.client("s3", config=s3_config(connections=connections)) as s3,
        session.client("sqs", config=sqs_config(connections=connections)) as sqs,
        session.client("sqs", config=polling) as receiver,
    ):
        items = ItemStore(dynamodb, settings.records_table)
        control = ControlItems(items, settings.user_hash_key.get_secret_value().encode())
        records = RecordStore(dynamodb, settings.records_table, control=control)
        objects = ObjectStore(s3, settings.images_bucket)
        async with UsageCounter(items, service) as usage, SentMarks(items, records) as marks:
            yield Tools(
                sqs=sqs,
                receiver=receiver,
                records=records,
                leases=Leases(records, lease=settings.lease_s, moved=counted(usage)),
                marks=marks,
                objects=objects,
                purger=Purger(items, records, objects, Tombstones(items)),
                items=items,
                usage=usage,
            )


def counted(usage: UsageCounter) -> Callable[[ImageRecord], None]:
    """What ``Leases`` tell of records that moved, counted in ``usage`` and in the metrics."""

    def moved(record: ImageRecord) -> None:
        usage.moved(record)
        metrics.moved(record)

    return moved


async def consume(
    settings: WorkerSettings, tools: Tools, handler: Handler, stop: asyncio.Event
) -> None:
    """Consume until ``stop``; ``/healthz`` fails once the loop has stalled for a minute.

    Not so in an outage: a worker that waits for SQS is well, and a new one would only wait too.
    """
    options = settings.options()
    consumer = Consumer(
        tools.sqs,
        receiver=tools.receiver,
        queue_url=settings.queue_url,
        dead_letter_url=settings.dlq_url,
        handler=handler,
        options=options,
    )

    def healthy() -> bool:
        # While it drains, the loop does not turn, and the platform's stop timeout bounds that.
        return stop.is_set() or consumer.seconds_since_turn < STALL_S + options.poll_wait

    def ready() -> bool:
        return healthy() and not stop.is_set()

    def report() -> Report:
        return {
            "last_turn_s": round(consumer.seconds_since_turn, 3),
            "last_receive_s": round(consumer.seconds_since_receive, 3),
            "in_flight": consumer.in_flight,
            "draining": stop.is_set(),
        }

    async with health_server(
        settings.health_port, healthy=healthy, ready=ready, report=report
    ) as port:
        logger.info("ready", extra={"health_port": port})
        await consumer.run(stop)
