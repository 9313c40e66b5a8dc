"""How full the queues were: a sample a minute in ``QUEUES#{day}``, ``{hour}#{queue}``.

An item holds the samples of an hour, one attribute each. The first of all sweepers to write a
minute has it; a queue that could not be asked leaves a gap, and nothing else waits for it.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

from services.gateway.queues import Queues
from shared.admin_api import QueueName, QueuePointView, QueueView
from shared.aws import calls_to
from shared.item_store import ItemStore
from shared.items import Update, plain
from shared.records import timestamp

logger = logging.getLogger(__name__)

MINUTE_S = 60
KEPT_S = 8 * 24 * 3600
HOURS_MAX = 168
POINTS = 360  # of each queue in an answer
SPREAD_S = 5.0  # after the full minute, so that sweepers don't ask all at once

_NAMES: tuple[QueueName, ...] = get_args(QueueName)


@dataclass(frozen=True, slots=True)
class Sampler:
    """Writes what the queues are like, minute by minute."""

    items: ItemStore
    queues: Queues
    clock: Callable[[], float] = time.time  # Unix seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Sample after each full minute until ``stop``."""
        while not stop.is_set():
            pause = MINUTE_S - self.clock() % MINUTE_S
            pause += random.uniform(0, SPREAD_S)  # noqa: S311  not a secret
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=pause)
                return
            try:
                await self.sample()
            except Exception as error:  # noqa: BLE001  the sweeper goes on; a gap is no harm
                logger.warning("queues not sampled", extra={"error": type(error).__name__})

    async def sample(self) -> None:
        """Write this minute's sample of each queue, unless somebody has.

        Raises ``DependencyUnavailable`` if SQS or DynamoDB does not answer.
        """
        at = datetime.fromtimestamp(self.clock(), UTC)
        await asyncio.gather(*(self._write(at, view) for view in await self.queues.views()))

    async def _write(self, at: datetime, view: QueueView) -> None:
        minute = _minute(at.minute)
        figures = [view.visible, view.in_flight, view.dead_letters, view.oldest_age_s]
        update = (
            Update()
            .set(**{minute: figures}, ttl=math.ceil(at.timestamp() + KEPT_S))
            .when(f"attribute_not_exists({{{minute}}})")
        )
        key = {"PK": {"S": _partition(at.date())}, "SK": {"S": f"{at.hour:02d}#{view.name}"}}
        await self.items.write(key, update)


async def queue_points(items: ItemStore, *, now: datetime, hours: int) -> list[QueuePointView]:
    """The last ``hours`` hours of all queues, oldest first, at most 360 points of each and one.

    Raises ``DependencyUnavailable``.
    """
    since = now - timedelta(hours=hours)
    days = [since.date() + timedelta(days=n) for n in range((now.date() - since.date()).days + 1)]
    parts = await asyncio.gather(*(_samples_of(items, day) for day in days))
    wanted = [each for part in parts for each in part if since < _moment(each.at) <= now]
    return thinned(wanted, minutes=math.ceil(hours * 60 / POINTS))


def thinned(points: Iterable[QueuePointView], *, minutes: int) -> list[QueuePointView]:
    """One point for every so many minutes of each queue, oldest first.

    It has the highest of each figure in that time: a peak is what an operator looks for.
    """
    slots: dict[tuple[int, QueueName], list[QueuePointView]] = {}
    for point in points:
        began = int(_moment(point.at).timestamp()) // (minutes * MINUTE_S) * minutes * MINUTE_S
        slots.setdefault((began, point.queue), []).append(point)
    return [
        _highest(slots[slot], datetime.fromtimestamp(slot[0], UTC))
        for slot in sorted(slots, key=lambda slot: (slot[0], _NAMES.index(slot[1])))
    ]


def _highest(points: list[QueuePointView], at: datetime) -> QueuePointView:
    ages = [point.oldest_age_s for point in points if point.oldest_age_s is not None]
    return QueuePointView(
        at=timestamp(at),
        queue=points[0].queue,
        visible=max(point.visible for point in points),
        in_flight=max(point.in_flight for point in points),
        oldest_age_s=max(ages, default=None),
        dead_letters=max(point.dead_letters for point in points),
    )


async def _samples_of(items: ItemStore, day: date) -> list[QueuePointView]:
    with calls_to("dynamodb"):
        # A day is 24 small items of each queue: one call reads them all.
        response = await items.dynamodb.query(
            TableName=items.table,
            KeyConditionExpression="PK = :day",
            ExpressionAttributeValues={":day": {"S": _partition(day)}},
        )
    return [point for item in response["Items"] for point in _points_of(day, plain(item))]


def _points_of(day: date, item: dict[str, Any]) -> list[QueuePointView]:
    hour, _, queue = item["SK"].partition("#")
    if queue not in _NAMES:
        return []  # of another version
    began = datetime(day.year, day.month, day.day, int(hour), tzinfo=UTC)
    points = []
    for minute in range(60):
        if _minute(minute) in item:
            visible, in_flight, dead_letters, age = item[_minute(minute)]
            points.append(
                QueuePointView(
                    at=timestamp(began + timedelta(minutes=minute)),
                    queue=queue,
                    visible=visible,
                    in_flight=in_flight,
                    oldest_age_s=age,
                    dead_letters=dead_letters,
                )
            )
    return points


def _minute(minute: int) -> str:
    return f"m{minute:02d}"


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _partition(day: date) -> str:
    return f"QUEUES#{day.isoformat()}"
