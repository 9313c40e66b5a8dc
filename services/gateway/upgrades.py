"""Degraded captions made better in the background, once the provider that failed is back.

What waits for it is in partitions of its own in the index of unfinished items, since when it waits.
One photo at a time begins anew, at a pace and within a daily budget that all sweepers share.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.gateway.restarts import Restarts
from shared.aws import calls_to
from shared.item_store import ItemStore
from shared.items import ACTIVE_INDEX, Update
from shared.provider_health import ProcessReport, live_reports
from shared.provider_switches import switched_off
from shared.record_store import ConditionFailed, Found, RecordStore
from shared.records import ImageRecord, Status
from shared.upgrades import (
    LOCAL_PROVIDER,
    UPGRADE_SHARDS,
    UPGRADE_TRIES,
    may_be_upgraded,
    upgrade_shard_name,
)

logger = logging.getLogger(__name__)

WAITS_S = 24 * 3600.0  # older captions than that are left as they are
QUIET_S = 300.0  # without an error, before a provider is taken for one that is back
WAITING_A_LOOK = 10  # of each partition
BUDGET_KEPT_S = 30 * 24 * 3600.0


def provider_that_is_back(reports: Sequence[ProcessReport], *, now: float) -> str | None:
    """The chain's first provider if no captioner has trouble with it; ``None`` if one has, if
    they don't agree on which it is, or if it is the local one. ``now`` is in Unix seconds.
    """
    firsts = [report.providers[0] for report in reports if report.providers]
    names = {provider.name for provider in firsts}
    if len(names) != 1 or names == {LOCAL_PROVIDER}:
        return None
    well = all(
        # Half open and quiet: nobody has asked since the cooldown, and an upgrade may be the trial.
        provider.circuit != "open"
        # Switched off, or the day's budget is spent: it would be passed over.
        and provider.held is None
        and (provider.last_fault_at is None or provider.last_fault_at < now - QUIET_S)
        for provider in firsts
    )
    return names.pop() if well else None


@dataclass(frozen=True, slots=True)
class UpgradeBudget:
    """How many upgrades a day may have, and how far apart: the item ``UPGRADES``/``{day}``."""

    items: ItemStore
    limit: int
    pause: float  # seconds
    clock: Callable[[], float] = time.time  # Unix seconds

    async def take(self) -> bool:
        """Whether another upgrade may begin now; then it is counted."""
        now = self.clock()
        following = {"next_at": now + self.pause}
        one_more = (
            Update()
            .add("upgraded", 1)
            .set(**following)
            .when("{upgraded} < :limit", limit=self.limit)
            .when("{next_at} <= :now", now=now)
        )
        if await self.items.write(self._key(now), one_more) is not None:
            return True
        first = (
            Update()
            .set(upgraded=1, ttl=math.ceil(now + BUDGET_KEPT_S), **following)
            .when("attribute_not_exists({upgraded})")
        )
        return await self.items.write(self._key(now), first) is not None

    async def give_back(self) -> None:
        """The one that was taken did not begin."""
        update = Update().add("upgraded", -1).when("{upgraded} > :none", none=0)
        await self.items.write(self._key(self.clock()), update)

    def _key(self, now: float) -> dict[str, dict[str, str]]:
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        return {"PK": {"S": "UPGRADES"}, "SK": {"S": day}}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Captions that wait, as the index has them, since ``check_at`` (Unix seconds)."""

    user_id: str
    image_id: str
    shard: str
    check_at: float


@dataclass(frozen=True, slots=True)
class Upgrades:
    """Begins upgrades. ``restarts`` sends to the caption queue."""

    items: ItemStore
    records: RecordStore
    restarts: Restarts
    budget: UpgradeBudget
    clock: Callable[[], float] = time.time  # Unix seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Begin one upgrade after the other until ``stop``."""
        while not stop.is_set():
            try:
                await self.step()
            except Exception as error:  # noqa: BLE001  the sweeper goes on; what waits can wait
                logger.warning("upgrades paused", extra={"error": type(error).__name__})
            pause = self.budget.pause * random.uniform(0.5, 1.0)  # noqa: S311  not a secret
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=pause)

    async def step(self) -> ImageRecord | None:
        """Begin the upgrade that has waited longest, if one may begin; its record.

        What waits in vain on the way there is taken out of the index. Raises
        ``DependencyUnavailable``.
        """
        first = await self._provider_that_is_back()
        for waiting in await self._oldest():
            if waiting.check_at < self.clock() - WAITS_S:
                await self._drop(waiting)
            elif first is not None:
                record = await self._fit(waiting, first)
                if record is not None:
                    return await self._begin(record)
        return None

    async def _provider_that_is_back(self) -> str | None:
        first = provider_that_is_back(await live_reports(self.items), now=self.clock())
        # Nobody asks it, so that nobody has trouble with it.
        return None if first in await switched_off(self.items) else first

    async def _begin(self, record: ImageRecord) -> ImageRecord | None:
        if not await self.budget.take():
            return None
        try:
            begun = await self.restarts.upgrade(record)
        except ConditionFailed:
            await self.budget.give_back()
            return None
        await self.restarts.send(begun)
        logger.info("upgrade begun", extra={"image_id": begun.image_id})
        return begun

    async def _fit(self, waiting: Waiting, first: str) -> ImageRecord | None:
        key = (waiting.user_id, waiting.image_id)
        found = (await self.records.find([key])).get(key)
        if found is None or found.record.status is not Status.COMPLETED:
            return None  # the index is behind
        if _waits_in_vain(found, first, now=self.clock()):
            await self._drop(waiting)
            return None
        return found.record

    async def _drop(self, waiting: Waiting) -> None:
        update = (
            Update()
            .set(active_shard=None, check_at=None)
            .when("{active_shard} = :shard", shard=waiting.shard)
            .when("{check_at} = :seen", seen=waiting.check_at)
        )
        with suppress(ConditionFailed):
            await self.records.update(waiting.user_id, waiting.image_id, update)

    async def _oldest(self) -> list[Waiting]:
        shards = map(upgrade_shard_name, range(UPGRADE_SHARDS))
        found = await asyncio.gather(*map(self._oldest_of, shards))
        return sorted((each for part in found for each in part), key=lambda each: each.check_at)

    async def _oldest_of(self, shard: str) -> list[Waiting]:
        with calls_to("dynamodb"):
            response = await self.items.dynamodb.query(
                TableName=self.items.table,
                IndexName=ACTIVE_INDEX,
                KeyConditionExpression="active_shard = :shard",
                ExpressionAttributeValues={":shard": {"S": shard}},
                Limit=WAITING_A_LOOK,
            )
        return [_waiting(item, shard) for item in response["Items"]]


def _waiting(item: Any, shard: str) -> Waiting:
    return Waiting(
        item["PK"]["S"].partition("#")[2],
        item["SK"]["S"].partition("#")[2],
        shard,
        float(item["check_at"]["N"]),
    )


def _waits_in_vain(found: Found, first: str, *, now: float) -> bool:
    record = found.record
    gone = found.is_erased or record.is_expired(now) or record.model_input is None
    return (
        gone
        or record.edited_at is not None
        or record.upgrade_tries >= UPGRADE_TRIES
        or record.provider is None
        or not may_be_upgraded(record.provider, record.options, first=first)
    )
