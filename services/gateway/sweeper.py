"""``python -m services.gateway.sweeper``: sees to hops, purges and deletions that were left undone,
compares bucket and table at night, begins upgrades of degraded captions and samples the queues.

A process of its own, with a role of its own; any number of them may run.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.gateway.erasure import Eraser
from services.gateway.erasure_jobs import ErasureJobs
from services.gateway.hop_checks import HopChecks, Queue
from services.gateway.nightly import NightShift, run_nightly
from services.gateway.pending_uploads import PendingUploads
from services.gateway.queue_history import Sampler
from services.gateway.queues import Queue as WatchedQueue
from services.gateway.queues import Queues, metrics_client
from services.gateway.reconciling import Reconciler, Report, nobody_waits
from services.gateway.restarts import Restarts
from services.gateway.sweeping import ACTS_AT_ONCE, Sweeper
from services.gateway.upgrades import UpgradeBudget, Upgrades
from shared.admin_api import QueueName
from shared.aws import aws_session, client_config, s3_config
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
from shared.records import Status
from shared.tombstones import Tombstones
from shared.usage import UsageCounter
from shared.working import counted

logger = logging.getLogger(__name__)

CONNECTIONS = 2 * ACTS_AT_ONCE  # an act looks at both of an image's prefixes at once
STALL_S = 60.0
DAY_S = 24 * 3600
CLOCK_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"


class SweeperSettings(BaseSettings):
    """Read once, here. The names it shares with the gateway mean the same."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    images_bucket: str
    records_table: str
    ingest_queue_url: str
    caption_queue_url: str
    ingest_dlq_url: str = Field(
        default="", description="empty, it or the other: the queues are not sampled"
    )
    caption_dlq_url: str = ""
    user_hash_key: SecretStr = Field(min_length=32)
    retention_days: int = Field(default=90, ge=1)
    quota_limit: int = Field(default=60, ge=1)
    quota_window_s: int = Field(default=3600, ge=1)
    sweeper_interval_s: float = Field(default=5, ge=0.1, le=20)
    sweeper_health_port: int | None = Field(
        default=None, ge=0, le=65535, description="0 takes a free one"
    )
    sweeper_reconcile_at: Literal["off"] | Annotated[str, Field(pattern=CLOCK_TIME)] = Field(
        default="03:00", description="UTC, when bucket and table are compared; or off"
    )
    sweeper_reconcile_mend: bool = Field(
        default=False, description="remove objects that have no record"
    )
    sweeper_upgrade_degraded: bool = Field(
        default=False, description="caption again what CAPTIONER_UPGRADE_DEGRADED left waiting"
    )
    sweeper_upgrade_daily_limit: int = Field(default=500, ge=1, description="of all sweepers")
    sweeper_upgrade_pause_s: float = Field(
        default=5, gt=0, description="between two upgrades, of all sweepers"
    )


@dataclass(frozen=True, slots=True)
class Office:
    """What a sweeper's process works with, each made once."""

    items: ItemStore
    records: RecordStore
    objects: ObjectStore
    purger: Purger
    sweeper: Sweeper
    upgrades: Upgrades
    sampler: Sampler

    def reconciler(
        self, *, mend: bool, went_on: Callable[[], Awaitable[None]] = nobody_waits
    ) -> Reconciler:
        """One comparison of bucket and table, by hand or in the night."""
        return Reconciler(
            self.items,
            self.records,
            self.objects,
            self.purger,
            mend=mend,
            went_on=went_on,
        )


@asynccontextmanager
async def office_of(settings: SweeperSettings) -> AsyncIterator[Office]:
    """Everything of a sweeper's process, its clients closed at the end of the block."""
    session = aws_session()
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
        to_captioner = await enter(Publisher(sqs, caption))
        usage = await enter(UsageCounter(items, "sweeper"))
        hops = HopChecks(
            # It holds no lease itself, and ends only what nobody holds.
            Leases(records, lease=0, moved=counted(usage)),
            purger,
            {
                "ingest": Queue(sqs, ingest, await enter(Publisher(sqs, ingest))),
                "caption": Queue(sqs, caption, to_captioner),
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
        sweeper = Sweeper(items, hops, purger, jobs, eraser=eraser, uploads=uploads)
        restarts = Restarts(records, objects, {Status.CAPTIONING: to_captioner})
        upgrades = Upgrades(items, records, restarts, _budget(settings, items))
        queues = Queues(sqs, await enter(metrics_client(session)), _watched(settings))
        yield Office(items, records, objects, purger, sweeper, upgrades, Sampler(items, queues))


def _watched(settings: SweeperSettings) -> dict[QueueName, WatchedQueue]:
    if not settings.ingest_dlq_url or not settings.caption_dlq_url:
        return {}
    return {
        "ingest": WatchedQueue("ingest", settings.ingest_queue_url, settings.ingest_dlq_url),
        "caption": WatchedQueue("caption", settings.caption_queue_url, settings.caption_dlq_url),
    }


def _budget(settings: SweeperSettings, items: ItemStore) -> UpgradeBudget:
    return UpgradeBudget(
        items,
        limit=settings.sweeper_upgrade_daily_limit,
        pause=settings.sweeper_upgrade_pause_s,
    )


async def serve(settings: SweeperSettings, stop: asyncio.Event) -> None:
    """Sweep until ``stop``; ``/healthz`` fails once nothing has come to an end for a minute."""
    async with office_of(settings) as office, asyncio.TaskGroup() as beside:
        sweeper = office.sweeper

        def healthy() -> bool:
            return sweeper.seconds_since_turn < STALL_S

        def ready() -> bool:
            return healthy() and not stop.is_set()

        port = settings.sweeper_health_port
        async with health_server(port, healthy=healthy, ready=ready) as served_on:
            tasks = [beside.create_task(work) for work in _beside(settings, office, stop)]
            logger.info("ready", extra={"health_port": served_on})
            await sweeper.run(stop, interval=settings.sweeper_interval_s)
            for task in tasks:
                task.cancel()  # whatever it is at, another sweeper takes it up


def _beside(
    settings: SweeperSettings, office: Office, stop: asyncio.Event
) -> list[Coroutine[None, None, None]]:
    """What goes on beside the rounds, by settings."""
    works: list[Coroutine[None, None, None]] = []
    if settings.sweeper_reconcile_at != "off":
        shift = NightShift(office.items)
        mend = settings.sweeper_reconcile_mend

        async def compare() -> Report:
            return await office.reconciler(mend=mend, went_on=shift.extend).run()

        works.append(run_nightly(shift, compare, stop, at=settings.sweeper_reconcile_at))
    if settings.sweeper_upgrade_degraded:
        works.append(office.upgrades.run(stop))
    if _watched(settings):
        works.append(office.sampler.run(stop))
    return works


if __name__ == "__main__":
    run("sweeper", SweeperSettings, serve)
