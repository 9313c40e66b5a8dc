from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import CredentialRetrievalError

from shared.item_store import ItemStore
from shared.records import ImageRecord
from shared.usage import UsageCounter
from tests.deadlines import until

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC).timestamp()


class Table:
    """Takes updates, unless it is down."""

    def __init__(self) -> None:
        self.down = False
        self.failure: Exception = TimeoutError()
        self.refused = 0
        self.writes: list[dict[str, Any]] = []

    async def update_item(self, **arguments: Any) -> None:
        if self.down:
            self.refused += 1
            raise self.failure
        self.writes.append(arguments)

    def counts(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for write in self.writes:
            for alias, name in write["ExpressionAttributeNames"].items():
                if name != "ttl":
                    key = (write["Key"]["PK"]["S"], name)
                    value = write["ExpressionAttributeValues"][alias.replace("#", ":")]["N"]
                    found[key] = found.get(key, 0) + int(value)
        return found


@pytest.fixture
def table() -> Table:
    return Table()


def counter(table: Table, **options: Any) -> UsageCounter:
    return UsageCounter(ItemStore(table, "t"), "gateway", **options)  # type: ignore[arg-type]


async def test_counts_are_written_together_and_once(table: Table) -> None:
    usage = counter(table, clock=lambda: NOON)
    for _ in range(100):
        usage.add("requests", "accepted")

    await usage.flush()
    await usage.flush()

    assert len(table.writes) == 1
    assert table.writes[0]["UpdateExpression"].startswith("SET #ttl = :ttl ADD ")
    assert set(table.counts().values()) == {100}


async def test_what_could_not_be_written_is_written_later(table: Table) -> None:
    usage = counter(table, clock=lambda: NOON)
    usage.add("requests")
    table.down = True

    await usage.flush()
    usage.add("requests")
    table.down = False
    await usage.flush()

    assert table.counts() == {("USAGE#2026-11-22", "requests"): 2}


async def test_each_day_has_its_own_item(table: Table) -> None:
    now = NOON
    usage = counter(table, clock=lambda: now)
    usage.add("requests")
    now = MIDNIGHT
    usage.add("requests")

    await usage.flush()

    assert {day for day, _ in table.counts()} == {"USAGE#2026-11-22", "USAGE#2026-11-23"}


async def test_costs_are_added_by_hour_without_rounding(table: Table) -> None:
    usage = counter(table, clock=lambda: NOON)
    for _ in range(1000):
        usage.add_cost("bedrock", 0.0000011)

    await usage.flush()

    assert table.counts() == {("USAGE#2026-11-22", "cost_usd#bedrock#12"): 1_100_000}


def ended(status: str, **changes: Any) -> ImageRecord:
    values = {
        "user_id": "ana",
        "image_id": "i",
        "status": status,
        "job": "j",
        "ttl": 1,
        "timestamp": "t",
        "updated_at": "t",
        "hop_started_at": "t",
        "upload_key": "k",
    }
    return ImageRecord.model_validate(values | changes)


async def test_failures_are_counted_by_their_code_and_by_hour(table: Table) -> None:
    usage = counter(table, clock=lambda: NOON)
    for code in ("timed_out", "undecodable_image", "timed_out"):
        error = {"code": code, "detail": "d", "retryable": True, "stage": "ingest"}
        usage.moved(ended("failed", error=error))

    await usage.flush()

    assert {name: count for (_, name), count in table.counts().items()} == {
        "failed": 3,
        "failure#timed_out": 2,
        "failure#undecodable_image": 1,
        "hourly#failed#12": 3,
    }


async def test_completed_photos_are_counted_by_hour(table: Table) -> None:
    now = NOON
    usage = counter(table, clock=lambda: now)
    usage.moved(ended("completed"))
    now += 3600
    usage.moved(ended("completed"))
    usage.moved(ended("captioning"))

    await usage.flush()

    hourly = {name: count for (_, name), count in table.counts().items() if "#" in name}
    assert hourly == {"hourly#completed#12": 1, "hourly#completed#13": 1}


async def test_running_counter_writes_by_itself_and_at_its_end(table: Table) -> None:
    async with counter(table, interval=0.01) as usage:
        usage.add("requests")
        await until(lambda: table.writes)
        usage.add("accepted")

    assert sorted(name for _, name in table.counts()) == ["accepted", "requests"]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(TimeoutError(), id="no answer"),
        pytest.param(CredentialRetrievalError(provider="p", error_msg="e"), id="no credentials"),
    ],
)
async def test_outage_does_not_end_the_counting(table: Table, failure: Exception) -> None:
    table.down, table.failure = True, failure
    async with counter(table, interval=0.01) as usage:
        usage.add("requests")
        await until(lambda: table.refused)
        table.down = False
        await until(lambda: table.writes)

    assert sum(table.counts().values()) == 1
