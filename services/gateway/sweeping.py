"""The sweeper's rounds: whatever the index of unfinished items says is due is seen to.

The index is a hint: each act is a conditional write on the item itself, so that any number of
sweepers may run. One item that can't be dealt with never keeps the others waiting.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from services.gateway.deletions import erase
from services.gateway.erasure import Eraser
from services.gateway.erasure_jobs import ErasureJobs
from services.gateway.hop_checks import HopChecks
from services.gateway.pending_uploads import PendingUploads
from shared.aws import calls_to
from shared.errors import DependencyUnavailable, StaleRecord
from shared.item_store import ItemStore
from shared.items import ACTIVE_INDEX, shard_name
from shared.purging import Purger
from shared.records import ACTIVE_SHARDS

logger = logging.getLogger(__name__)

ITEMS_A_PAGE = 25
PAGES_A_ROUND = 4  # of one shard
ACTS_AT_ONCE = 16
SHARDS_AT_ONCE = 4
ERASURES_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Due:
    """An item of the index, due since ``check_at`` (Unix seconds)."""

    partition: str
    sort_key: str
    check_at: float


class Sweeper:
    """Sees to what is due, in rounds."""

    def __init__(
        self,
        items: ItemStore,
        hops: HopChecks,
        purger: Purger,
        jobs: ErasureJobs,
        *,
        eraser: Eraser,
        uploads: PendingUploads,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._items = items
        self._hops = hops
        self._purger = purger
        self._jobs = jobs
        self._eraser = eraser
        self._uploads = uploads
        self._clock = clock
        self._acts = asyncio.Semaphore(ACTS_AT_ONCE)
        self._erasures: set[asyncio.Task[None]] = set()
        self._turned_at = time.monotonic()

    @property
    def seconds_since_turn(self) -> float:
        """How long ago a round or an act last ended, well or not. A round with much to do may
        take minutes, and more in an outage: only a stall of our own makes this grow.
        """
        return time.monotonic() - self._turned_at

    async def run(self, stop: asyncio.Event, *, interval: float) -> None:
        """Sweep every ``interval`` seconds or so until ``stop``, then hand over what is running."""
        try:
            while not stop.is_set():
                try:
                    await self.sweep()
                except DependencyUnavailable as error:
                    logger.warning("round failed", extra={"dependency": error.dependency})
                    self._turned_at = time.monotonic()
                # Jittered, so that several sweepers don't meet at the same items each time.
                pause = interval * random.uniform(0.5, 1.0)  # noqa: S311  not a secret
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), timeout=pause)
        finally:
            for task in self._erasures:
                task.cancel()
            await self.finish_erasures()

    async def sweep(self) -> None:
        """One round. Deletions of everything go on after it. Raises ``DependencyUnavailable``."""
        shards = list(range(ACTIVE_SHARDS))
        random.shuffle(shards)
        for at in range(0, len(shards), SHARDS_AT_ONCE):
            await asyncio.gather(*map(self._sweep_shard, shards[at : at + SHARDS_AT_ONCE]))
        self._turned_at = time.monotonic()

    async def finish_erasures(self) -> None:
        """Wait for the deletions of everything that are under way here."""
        await asyncio.gather(*self._erasures, return_exceptions=True)

    async def _sweep_shard(self, shard: int) -> None:
        start: Any = None
        for _ in range(PAGES_A_ROUND):
            due, start = await self._due(shard, start)
            await asyncio.gather(*map(self._see_to, due))
            if start is None:
                return

    async def _due(self, shard: int, start: Any) -> tuple[list[Due], Any]:
        position = {"ExclusiveStartKey": start} if start is not None else {}
        with calls_to("dynamodb"):
            response = await self._items.dynamodb.query(
                TableName=self._items.table,
                IndexName=ACTIVE_INDEX,
                KeyConditionExpression="active_shard = :shard AND check_at <= :now",
                ExpressionAttributeValues={
                    ":shard": {"S": shard_name(shard)},
                    ":now": {"N": repr(self._clock())},
                },
                Limit=ITEMS_A_PAGE,
                **position,
            )
        found = [
            Due(item["PK"]["S"], item["SK"]["S"], float(item["check_at"]["N"]))
            for item in response["Items"]
        ]
        return found, response.get("LastEvaluatedKey")

    async def _see_to(self, due: Due) -> None:
        async with self._acts:
            try:
                await self._act(due)
            except DependencyUnavailable as error:
                logger.warning("left for later", extra={"dependency": error.dependency})
            except Exception:  # the boundary of every act: it stays due, and the others go on
                logger.exception("left for later", extra={"kind": due.sort_key.partition("#")[0]})
            self._turned_at = time.monotonic()

    async def _act(self, due: Due) -> None:
        user_id = due.partition.partition("#")[2]
        kind, _, image_id = due.sort_key.partition("#")
        if kind == "IMAGE":
            await self._hops.check(user_id, image_id, seen=due.check_at)
        elif kind == "DELETED":
            await self._purge(user_id, image_id, due)
        elif kind == "UPLOAD":
            await self._uploads.expire(user_id, image_id)
        elif kind == "CONTROL":
            await self._erase(due)

    async def _purge(self, user_id: str, image_id: str, due: Due) -> None:
        tombstones = self._purger.tombstones
        tombstone = await tombstones.take(user_id, image_id, seen=due.check_at)
        if tombstone is None:
            return
        if tombstone.pending:
            # Its deletion was promised, and whoever began it died, or S3 did not answer.
            with suppress(StaleRecord):
                await self._purger.remove(
                    user_id, image_id, related=tombstone.related, before=tombstone.epoch + 1
                )
            await tombstones.purged(user_id, image_id)
            return
        if not await self._purger.records.find([(user_id, image_id)]):
            await self._purger.remove_leftovers(user_id, image_id, tombstone.related)
        await tombstones.drop(tombstone)

    async def _erase(self, due: Due) -> None:
        if len(self._erasures) >= ERASURES_AT_ONCE:
            return  # it stays due
        key = {"PK": {"S": due.partition}, "SK": {"S": due.sort_key}}
        held = await self._jobs.take(key, seen=due.check_at)
        if held is not None:
            task = asyncio.create_task(erase(self._eraser, self._jobs, held))
            self._erasures.add(task)
            task.add_done_callback(self._erasures.discard)
