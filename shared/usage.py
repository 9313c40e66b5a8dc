"""What was done on a day, counted for the admin page: ``USAGE#{day}``, ``{service}#{shard}``.

Counts are added up in memory and written with ``ADD`` every few seconds: a process that dies
loses those seconds, and a write that was lost on its way back may count twice. Nobody is billed
by these numbers.
"""

import asyncio
import logging
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import calls_to
from shared.errors import DependencyUnavailable
from shared.item_store import ItemStore
from shared.items import plain, to_attribute
from shared.latency import BUCKETS, bucket_of
from shared.records import ImageRecord, Status

logger = logging.getLogger(__name__)

FLUSH_S = 5.0
SHARDS = 8  # DynamoDB takes a thousand writes a second to one item; these come every few seconds
KEPT_DAYS = 400

REQUESTS = "requests"
SERVER_ERRORS = "server_errors"
UPLOADS_REFUSED = "uploads_refused"
ACCEPTED = "accepted"
INGESTED = "ingested"
COMPLETED = "completed"
FAILED = "failed"
FALLBACKS = "fallbacks"
DEGRADED = "degraded"
CACHED = "cached"
_LATENCY = "latency_"
_COST = "cost_usd#"
_FAILURE = "failure#"
_HOURLY = "hourly#"


@dataclass(frozen=True, slots=True)
class DayUsage:
    """The counts of one day, all services together.

    ``latency`` has the count of each bucket of ``shared.latency``: from submission to captions.
    ``costs`` are dollars by provider and hour (UTC), ``failures`` the failed by their code,
    ``hourly`` the counts of ``COMPLETED`` and ``FAILED`` by hour (UTC).
    """

    day: date
    counts: Mapping[str, int] = field(default_factory=dict)
    latency: tuple[int, ...] = (0,) * BUCKETS
    costs: Mapping[tuple[str, int], float] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    hourly: Mapping[tuple[str, int], int] = field(default_factory=dict)


class UsageCounter:
    """Counts for one process of ``service``. Use as an asynchronous context manager."""

    def __init__(
        self,
        items: ItemStore,
        service: str,
        *,
        interval: float = FLUSH_S,  # seconds
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._items = items
        self._sort_key = f"{service}#{secrets.randbelow(SHARDS)}"
        self._interval = interval
        self._clock = clock
        self._pending: defaultdict[date, Counter[str]] = defaultdict(Counter)
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._flush_forever(), name="usage")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        if self._task is not None:
            await self._task
        await self.flush()

    def add(self, *names: str) -> None:
        """Count one of each."""
        self._today().update(names)

    def add_cost(self, provider: str, dollars: float) -> None:
        """Count what a provider charged just now."""
        # Counted in whole billionths: what DynamoDB adds up has then no rounding in it.
        self._today()[f"{_COST}{provider}#{self._hour()}"] += round(dollars * 1e9)

    def moved(self, record: ImageRecord) -> None:
        """Count a record that has just reached its next status."""
        if record.status is Status.CAPTIONING:
            self.add(INGESTED)
        elif record.status is Status.FAILED:
            code = record.error.code if record.error is not None else "internal_error"
            self.add(FAILED, f"{_FAILURE}{code}", f"{_HOURLY}{FAILED}#{self._hour()}")
        elif record.status is Status.COMPLETED:
            waited = sum(stage.duration_ms for stage in record.timeline)
            hourly = f"{_HOURLY}{COMPLETED}#{self._hour()}"
            self.add(COMPLETED, hourly, f"{_LATENCY}{bucket_of(waited):02d}", *_kinds(record))

    async def flush(self) -> None:
        """Write what was counted. What can't be written is kept for the next time."""
        pending, self._pending = self._pending, defaultdict(Counter)
        for day, counts in pending.items():
            try:
                await self._write(day, counts)
            except (DependencyUnavailable, BotoCoreError, ClientError) as error:
                logger.warning("usage not written", extra={"error": type(error).__name__})
                self._pending[day].update(counts)

    def _today(self) -> Counter[str]:
        return self._pending[datetime.fromtimestamp(self._clock(), UTC).date()]

    def _hour(self) -> str:
        return f"{datetime.fromtimestamp(self._clock(), UTC).hour:02d}"

    async def _flush_forever(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._closing.wait()
            await self.flush()

    async def _write(self, day: date, counts: Counter[str]) -> None:
        names = {f"#{number}": name for number, name in enumerate(counts)}
        values = {f":{number}": to_attribute(count) for number, count in enumerate(counts.values())}
        additions = ", ".join(f"#{number} :{number}" for number in range(len(counts)))
        with calls_to("dynamodb"):
            await self._items.dynamodb.update_item(
                TableName=self._items.table,
                Key={"PK": {"S": _partition(day)}, "SK": {"S": self._sort_key}},
                # The end of its life follows from the day: whoever writes it writes the same.
                UpdateExpression=f"SET #ttl = :ttl ADD {additions}",
                ExpressionAttributeNames={"#ttl": "ttl", **names},
                ExpressionAttributeValues={":ttl": to_attribute(_end_of_life(day)), **values},
            )


async def usage_of(items: ItemStore, day: date) -> DayUsage:
    """The counts of ``day``, as of some seconds ago. Raises ``DependencyUnavailable``."""
    with calls_to("dynamodb"):
        response = await items.dynamodb.query(
            TableName=items.table,
            KeyConditionExpression="PK = :day",
            ExpressionAttributeValues={":day": {"S": _partition(day)}},
        )
    total: Counter[str] = Counter()
    for item in response["Items"]:
        fields: dict[str, Any] = plain(item)
        total.update({k: v for k, v in fields.items() if k not in {"PK", "SK", "ttl"}})
    latency = tuple(total.pop(f"{_LATENCY}{bucket:02d}", 0) for bucket in range(BUCKETS))
    return DayUsage(
        day,
        counts={name: count for name, count in total.items() if "#" not in name},
        latency=latency,
        costs={key: billionths / 1e9 for key, billionths in _by_hour(total, _COST).items()},
        failures={
            name.removeprefix(_FAILURE): count
            for name, count in total.items()
            if name.startswith(_FAILURE)
        },
        hourly=_by_hour(total, _HOURLY),
    )


def _by_hour(total: Mapping[str, int], prefix: str) -> dict[tuple[str, int], int]:
    """What is called ``{prefix}{name}#{hour}``, by name and hour."""
    found = {}
    for key, count in total.items():
        if key.startswith(prefix):
            name, _, hour = key.removeprefix(prefix).rpartition("#")
            found[name, int(hour)] = count
    return found


def _kinds(record: ImageRecord) -> list[str]:
    provider = record.provider
    if provider is None:
        return []
    fell_back = any(attempt.outcome != "ok" for attempt in provider.attempts)
    found = {FALLBACKS: fell_back, DEGRADED: provider.degraded, CACHED: provider.name == "cache"}
    return [name for name, is_so in found.items() if is_so]


def _partition(day: date) -> str:
    return f"USAGE#{day.isoformat()}"


def _end_of_life(day: date) -> int:
    end = day + timedelta(days=KEPT_DAYS)
    return int(datetime(end.year, end.month, end.day, tzinfo=UTC).timestamp())
