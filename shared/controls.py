"""A user's quota, which outlives the user's data: deleting everything buys nothing.

The quota is a bucket by GCRA, kept as one number, the theoretical arrival time (ITU-T I.371,
annex A; https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm): ``limit`` units at once, then
one every ``window / limit`` seconds. One conditional write spends a unit, so that any number of
gateways agree.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.control_items import RACES, ControlItems, epoch_of
from shared.errors import DependencyUnavailable
from shared.item_store import ItemStore
from shared.items import Update

if TYPE_CHECKING:
    from types_aiobotocore_dynamodb import DynamoDBClient

MICROSECOND = 1_000_000  # the item's times are whole microseconds: DynamoDB compares them exactly
SEEN_MAX = 10_000  # users; without its memory of one, a process may need a second try


@dataclass(frozen=True, slots=True)
class Bucket:
    """A user's quota as of now. ``resets_in`` is in seconds, until the bucket is full again."""

    limit: int
    window: float  # seconds
    remaining: int
    resets_in: float  # seconds


@dataclass(frozen=True, slots=True)
class Spent:
    """A unit of quota, taken. ``epoch`` is the one a new image must carry."""

    epoch: int
    bucket: Bucket


class QuotaExceeded(Exception):
    """The bucket is empty. ``retry_after`` is when the next unit is there, in seconds."""

    def __init__(self, bucket: Bucket, retry_after: float) -> None:
        super().__init__("the caption quota is used up")
        self.bucket = bucket
        self.retry_after = retry_after


class Controls:
    """The quotas in the control items of one DynamoDB table."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        *,
        hash_key: bytes,
        limit: int,  # units at once
        window: float,  # seconds for all of them to come back
        lifetime: float,  # seconds that an item outlives its last use
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._items = ItemStore(dynamodb, table)
        self._key = ControlItems(self._items, hash_key).key
        self._limit = limit
        self._window_us = round(window * MICROSECOND)
        self._unit_us = round(window * MICROSECOND / limit)
        self._lifetime = lifetime
        self._clock = clock
        # By user, as of the last unit spent here: what the first try of the next one goes by.
        self._seen: dict[str, int] = {}

    async def bucket(self, user_id: str) -> Bucket:
        """The user's quota, unspent."""
        return self._bucket(_number(await self._item(user_id), "tat"), self._now_us())

    async def spend(self, user_id: str) -> Spent:
        """Take one unit. Raises ``QuotaExceeded`` if there is none."""
        tat = self._seen.get(user_id, 0)
        for _ in range(RACES):
            now = self._now_us()
            update = self._debit(now) if tat >= now else self._debit_idle(now)
            is_spent, item = await self._items.attempt(self._key(user_id), update)
            tat = _number(item, "tat")
            if is_spent:
                self._remember(user_id, tat)
                return Spent(epoch_of(item), self._bucket(tat, now))
            if tat > now + self._window_us - self._unit_us:
                wait = tat + self._unit_us - self._window_us - now
                raise QuotaExceeded(self._bucket(tat, now), wait / MICROSECOND)
        raise DependencyUnavailable("dynamodb")

    async def refund(self, user_id: str) -> None:
        """Give one unit back. An item that is gone needs none."""
        update = Update().add("tat", -self._unit_us).when("attribute_exists({tat})")
        await self._write(user_id, update)

    def _remember(self, user_id: str, tat: int) -> None:
        if user_id not in self._seen and len(self._seen) >= SEEN_MAX:
            self._seen.clear()
        self._seen[user_id] = tat

    def _debit(self, now: int) -> Update:
        """The bucket is draining: push its arrival time on, if that leaves it within the window."""
        return (
            Update()
            .add("tat", self._unit_us)
            .set(ttl=self._ttl())
            .when("{tat} >= :now", now=now)
            .when("{tat} <= :latest", latest=now + self._window_us - self._unit_us)
        )

    def _debit_idle(self, now: int) -> Update:
        """The bucket is full, or new: its arrival time starts over from now."""
        return (
            Update()
            .set(tat=now + self._unit_us, ttl=self._ttl())
            .when("attribute_not_exists({tat}) OR {tat} < :now", now=now)
        )

    def _bucket(self, tat: int, now: int) -> Bucket:
        ahead = max(0, tat - now)
        return Bucket(
            limit=self._limit,
            window=self._window_us / MICROSECOND,
            remaining=max(0, (self._window_us - ahead) // self._unit_us),
            resets_in=ahead / MICROSECOND,
        )

    async def _item(self, user_id: str) -> dict[str, Any]:
        return await self._items.read(self._key(user_id))

    async def _write(self, user_id: str, update: Update) -> dict[str, Any] | None:
        return await self._items.write(self._key(user_id), update)

    def _now_us(self) -> int:
        return round(self._clock() * MICROSECOND)

    def _ttl(self) -> int:
        return math.ceil(self._clock() + self._lifetime)


def _number(item: dict[str, Any], name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
