"""Once a night, in one of many sweepers: the comparison of bucket and table, told in one event.

Who runs it is decided by a conditional write on one item; the others look in now and then, and take
over from one that died.
"""

import asyncio
import logging
import math
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.gateway.reconciling import Report
from shared.errors import StaleRecord
from shared.item_store import ItemStore
from shared.items import Update

logger = logging.getLogger(__name__)

LOOK_S = 60.0
LEASE_S = 300.0
EXTEND_S = 60.0  # a comparison writes that it is at work no more often than this
# A sweeper that starts in the afternoon leaves it to the next night.
WINDOW_S = 3 * 3600.0
KEPT_S = 30 * 24 * 3600.0
_KEY = {"PK": {"S": "NIGHTLY"}, "SK": {"S": "reconcile"}}


@dataclass(slots=True)
class NightShift:
    """The right to run the comparison of a day: the item ``NIGHTLY``/``reconcile``."""

    items: ItemStore
    clock: Callable[[], float] = time.time  # Unix seconds
    _holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    _extended_at: float = 0.0

    async def take(self, day: str) -> bool:
        """Whether it is ours to run on ``day``: nobody is at it, nor has done it."""
        now = self.clock()
        update = self._lease(now).set(day=day, finished_at=None)
        update.when(
            "attribute_not_exists({day}) OR ({lease_until} <= :now"
            " AND ({day} < :day OR attribute_not_exists({finished_at})))",
            day=day,
            now=now,
        )
        return await self.items.write(_KEY, update) is not None

    async def extend(self) -> None:
        """Say that we are at it. Raises ``StaleRecord`` if another has taken over."""
        now = self.clock()
        if now < self._extended_at + EXTEND_S:
            return
        update = self._lease(now).when("{holder} = :holder", holder=self._holder)
        if await self.items.write(_KEY, update) is None:
            raise StaleRecord("another sweeper compares")

    async def finish(self) -> None:
        """It is done for that day."""
        update = Update().set(finished_at=self.clock())
        await self.items.write(_KEY, update.when("{holder} = :holder", holder=self._holder))

    def _lease(self, now: float) -> Update:
        self._extended_at = now
        return Update().set(
            holder=self._holder, lease_until=now + LEASE_S, ttl=math.ceil(now + KEPT_S)
        )


def log_report(report: Report) -> None:
    """Tell operators what was found: the counts, and the first ids of each kind."""
    ids = {
        name: [image_id for _, image_id in difference.examples]
        for name, difference in (
            ("orphan_ids", report.orphans),
            ("incomplete_ids", report.incomplete),
            ("stale_upload_ids", report.stale_uploads),
        )
    }
    logger.info("reconciled", extra={**report.counts(), **ids})


async def run_nightly(
    shift: NightShift,
    compare: Callable[[], Awaitable[Report]],
    stop: asyncio.Event,
    *,
    at: str,  # "HH:MM", UTC
    look: float = LOOK_S,  # seconds
) -> None:
    """Run ``compare`` once a night, if no other sweeper does, until ``stop``."""
    done_on = ""
    while not stop.is_set():
        day = _day_due(shift.clock(), at)
        if day is not None and day != done_on:
            try:
                if await shift.take(day):
                    log_report(await compare())
                    await shift.finish()
                    done_on = day
            except Exception as error:  # noqa: BLE001  the sweeper goes on; the next look tries again
                logger.warning("not reconciled", extra={"error": type(error).__name__})
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=look)


def _day_due(now: float, at: str) -> str | None:
    """The day whose comparison is due now, if one is."""
    moment = datetime.fromtimestamp(now, UTC)
    hour, minute = map(int, at.split(":"))
    # Of an evening's time, the window goes on past midnight.
    since = (moment - moment.replace(hour=hour, minute=minute, second=0, microsecond=0)).seconds
    if since >= WINDOW_S:
        return None
    return datetime.fromtimestamp(now - since, UTC).date().isoformat()
