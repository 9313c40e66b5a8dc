"""``python -m services.gateway.sweeper``: sees to hops, purges and deletions that were left undone.

A process of its own, with a role of its own; any number of them may run.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aioboto3
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.gateway.erasure import Eraser
from services.gateway.erasure_jobs import ErasureJobs
from services.gateway.hop_checks import HopChecks, Queue
from services.gateway.pending_uploads import PendingUploads
from services.gateway.sweeping import ACTS_AT_ONCE, Sweeper
from shared.aws import client_config, s3_config
from shared.control_items import LIFETIME_SLACK_S, ControlItems
from shared.controls import Controls
from shared.health import health_server
from shared.item_store import ItemStore
from shared.leases import Leases
from shared.object_store import ObjectStore
from shared.process import run
from shared.publisher import Publisher
from shared.purging import Purger
from shared.record_store import RecordStore
from shared.tombstones import Tombstones

logger = logging.getLogger(__name__)

CONNECTIONS = 2 * ACTS_AT_ONCE  # an act looks at both of an image's prefixes at once
STALL_S = 60.0
DAY_S = 24 * 3600


class SweeperSettings(BaseSettings):
    """Read once, here. The names it shares with the gateway mean the same."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    images_bucket: str
    records_table: str
    ingest_queue_url: str
    caption_queue_url: str
    user_hash_key: SecretStr = Field(min_length=32)
    retention_days: int = Field(default=90, ge=1)
    quota_limit: int = Field(default=60, ge=1)
    quota_window_s: int = Field(default=3600, ge=1)
    sweeper_interval_s: float = Field(default=5, ge=0.1, le=20)
    sweeper_health_port: int | None = Field(
        default=None, ge=0, le=65535, description="0 takes a free one"
    )


@asynccontextmanager
async def sweeper_of(settings: SweeperSettings) -> AsyncIterator[Sweeper]:
    """A sweeper with its clients, closed at the end of the block."""
    session = aioboto3.Session()
    config = client_config(connections=CONNECTIONS)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        dynamodb = await enter(session.client("dynamodb", config=config))
        sqs = await enter(session.client("sqs", config=config))
        s3 = await enter(session.client("s3", config=s3_config(connections=CONNECTIONS)))

        items = ItemStore(dynamodb, settings.records_table)
        control = ControlItems(items, settings.user_hash_key.get_secret_value().encode())
        records = RecordStore(dynamodb, settings.records_table, control=control)
        objects = ObjectStore(s3, settings.images_bucket)
        purger = Purger(items, records, objects, Tombstones(items))
        lifetime = settings.retention_days * DAY_S + LIFETIME_SLACK_S
        jobs = ErasureJobs(control, lifetime=lifetime)
        ingest, caption = settings.ingest_queue_url, settings.caption_queue_url
        hops = HopChecks(
            # It holds no lease itself, and ends only what nobody holds.
            Leases(records, lease=0),
            purger,
            {
                "ingest": Queue(sqs, ingest, await enter(Publisher(sqs, ingest))),
                "caption": Queue(sqs, caption, await enter(Publisher(sqs, caption))),
            },
        )
        controls = Controls(
            dynamodb,
            settings.records_table,
            hash_key=control.hash_key,
            limit=settings.quota_limit,
            window=settings.quota_window_s,
            lifetime=lifetime,
        )
        retention = settings.retention_days * DAY_S
        uploads = PendingUploads(items, records, objects, controls, retention)
        eraser = Eraser(jobs, items, records, objects)
        yield Sweeper(items, hops, purger, jobs, eraser=eraser, uploads=uploads)


async def serve(settings: SweeperSettings, stop: asyncio.Event) -> None:
    """Sweep until ``stop``; ``/healthz`` fails once no round got through for a minute."""
    async with sweeper_of(settings) as sweeper:

        def healthy() -> bool:
            return sweeper.seconds_since_round < STALL_S

        def ready() -> bool:
            return healthy() and not stop.is_set()

        port = settings.sweeper_health_port
        async with health_server(port, healthy=healthy, ready=ready) as served_on:
            logger.info("ready", extra={"health_port": served_on})
            await sweeper.run(stop, interval=settings.sweeper_interval_s)


if __name__ == "__main__":
    run("sweeper", SweeperSettings, serve)
