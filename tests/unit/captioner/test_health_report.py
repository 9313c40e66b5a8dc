from typing import Any, Literal

import pytest

from services.captioner.health_report import HealthReport
from shared.item_store import ItemStore
from shared.items import plain
from shared.provider_health import IDLE_REPORT_S, WINDOW_S, ProcessReport
from shared.records import Attempt
from shared.usage import UsageCounter
from tests.deadlines import until


class Table:
    """Keeps what was put."""

    def __init__(self) -> None:
        self.reports: list[ProcessReport] = []

    async def put_item(self, **arguments: Any) -> None:
        self.reports.append(ProcessReport.model_validate(plain(arguments["Item"])))


class Clock:
    """A time that tests move."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def usage(table: Table) -> UsageCounter:
    return UsageCounter(ItemStore(table, "t"), "captioner")  # type: ignore[arg-type]


def report(table: Table, usage: UsageCounter, clock: Clock) -> HealthReport:
    return HealthReport(
        ItemStore(table, "t"),  # type: ignore[arg-type]
        providers=[("bedrock", "m1"), ("local", "m2")],
        usage=usage,
        circuit=lambda _: "closed",
        interval=0.01,
        clock=clock,
    )


def attempt(outcome: Literal["ok", "error", "circuit_open"], duration_ms: int = 10) -> Attempt:
    reason = None if outcome == "ok" else "ThrottlingException"
    return Attempt(
        provider="bedrock", model="m1", outcome=outcome, reason=reason, duration_ms=duration_ms
    )


async def test_every_try_is_told(table: Table, usage: UsageCounter, clock: Clock) -> None:
    async with report(table, usage, clock) as told:
        for outcome in ("ok", "ok", "error", "circuit_open"):
            told.tried(attempt(outcome))  # type: ignore[arg-type]
        await until(lambda: table.reports)

    bedrock, local = table.reports[-1].providers
    assert (bedrock.tries, bedrock.answered, sum(bedrock.latency)) == (3, 2, 2)
    assert (bedrock.last_error, bedrock.last_error_at) == ("ThrottlingException", clock.now)
    assert (local.name, local.tries, local.last_error) == ("local", 0, None)


async def test_nothing_new_is_told_once_a_minute(
    table: Table, usage: UsageCounter, clock: Clock
) -> None:
    async with report(table, usage, clock):
        await until(lambda: table.reports)
        clock.now += IDLE_REPORT_S + 1
        await until(lambda: len(table.reports) == 2)

    assert [each.at for each in table.reports] == [clock.now - IDLE_REPORT_S - 1, clock.now]


async def test_tries_of_long_ago_do_not_count(
    table: Table, usage: UsageCounter, clock: Clock
) -> None:
    async with report(table, usage, clock) as told:
        told.tried(attempt("error"))
        await until(lambda: table.reports)
        clock.now += WINDOW_S + 1
        await until(lambda: len(table.reports) == 2)

    bedrock = table.reports[-1].providers[0]
    assert (bedrock.tries, bedrock.last_error) == (0, "ThrottlingException")
