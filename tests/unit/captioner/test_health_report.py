import logging
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import CredentialRetrievalError

from services.captioner.health_report import HealthReport
from services.captioner.pacing import Paced
from shared.item_store import ItemStore
from shared.items import plain
from shared.provider_health import IDLE_REPORT_S, WINDOW_S, ProcessReport
from shared.records import Attempt, Outcome
from shared.usage import UsageCounter
from tests.deadlines import until


class Table:
    """Keeps what was put, once it has failed as often as it is told to."""

    def __init__(self) -> None:
        self.reports: list[ProcessReport] = []
        self.failures: list[Exception] = []

    async def put_item(self, **arguments: Any) -> None:
        if self.failures:
            raise self.failures.pop(0)
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
        held={"local": "switched_off"}.get,
        ends={"bedrock": date(2027, 3, 1), "sagemaker": date(2027, 1, 1)},
        interval=0.01,
        clock=clock,
    )


def attempt(outcome: Outcome, duration_ms: int = 10) -> Attempt:
    reason = None if outcome == "ok" else "ThrottlingException"
    return Attempt(
        provider="bedrock", model="m1", outcome=outcome, reason=reason, duration_ms=duration_ms
    )


async def test_every_try_is_told(table: Table, usage: UsageCounter, clock: Clock) -> None:
    async with report(table, usage, clock) as told:
        outcomes: tuple[Outcome, ...] = ("ok", "ok", "error", "circuit_open")
        for outcome in outcomes:
            told.tried(attempt(outcome))
        await until(lambda: table.reports)

    bedrock, local = table.reports[-1].providers
    assert (bedrock.tries, bedrock.answered, sum(bedrock.latency)) == (3, 2, 2)
    assert (bedrock.last_error, bedrock.last_error_at) == ("ThrottlingException", clock.now)
    assert (local.name, local.tries, local.last_error) == ("local", 0, None)


async def test_call_that_we_held_back_ourselves_is_not_the_provider_s_failure(
    table: Table, usage: UsageCounter, clock: Clock
) -> None:
    async with report(table, usage, clock) as told:
        told.tried(attempt("ok"))
        told.tried(attempt("throttled").model_copy(update={"reason": Paced(9).reason}))
        await until(lambda: table.reports)

    bedrock = table.reports[-1].providers[0]
    assert (bedrock.tries, bedrock.answered, bedrock.last_error) == (1, 1, "paced")


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


async def test_report_that_fails_is_not_the_last(
    table: Table, usage: UsageCounter, clock: Clock
) -> None:
    # The task's role is out of reach for a moment, which is no answer of DynamoDB's at all.
    table.failures = [CredentialRetrievalError(provider="p", error_msg="e")]

    async with report(table, usage, clock):
        await until(lambda: table.reports)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        pytest.param("circuit_open", "circuit_open", id="spared"),
        pytest.param("circuit_open", "no_time_left", id="too late"),
        pytest.param("unsupported", "language", id="another language"),
    ],
)
async def test_what_was_not_asked_does_not_hide_the_last_error(
    table: Table, usage: UsageCounter, clock: Clock, outcome: Any, reason: str
) -> None:
    async with report(table, usage, clock) as told:
        told.tried(attempt("error"))
        told.tried(attempt(outcome).model_copy(update={"reason": reason}))
        await until(lambda: table.reports)

    assert table.reports[-1].providers[0].last_error == "ThrottlingException"


@pytest.mark.parametrize(
    ("outcome", "is_fault"),
    [("error", True), ("throttled", True), ("timeout", True), ("refused", False)],
)
async def test_only_what_the_provider_did_wrong_is_its_fault(
    table: Table, usage: UsageCounter, clock: Clock, outcome: Any, is_fault: bool
) -> None:
    async with report(table, usage, clock) as told:
        told.tried(attempt(outcome))
        await until(lambda: table.reports)

    fault_at = table.reports[-1].providers[0].last_fault_at
    assert fault_at == (clock.now if is_fault else None)


@pytest.mark.parametrize("reason", ["switched_off", "over_budget"])
async def test_held_provider_says_so(
    table: Table, usage: UsageCounter, clock: Clock, reason: str
) -> None:
    async with report(table, usage, clock) as told:
        told.tried(attempt("circuit_open").model_copy(update={"reason": reason}))
        await until(lambda: table.reports)

    assert table.reports[-1].providers[0].last_error == reason


async def test_what_holds_a_provider_and_when_its_model_ends_is_reported(
    table: Table, usage: UsageCounter, clock: Clock
) -> None:
    async with report(table, usage, clock):
        await until(lambda: table.reports)

    found = [(each.held, each.end_of_life) for each in table.reports[-1].providers]
    assert found == [(None, "2027-03-01"), ("switched_off", None)]


async def test_a_model_near_its_end_is_told_once_a_day(
    table: Table, usage: UsageCounter, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    clock.now = datetime(2027, 1, 20, 12, tzinfo=UTC).timestamp()
    with caplog.at_level(logging.WARNING, logger="services.captioner.retirement"):
        async with report(table, usage, clock):
            for turn in range(1, 5):
                await until(partial(_has, table, turn))
                clock.now += IDLE_REPORT_S

    told = [(vars(each)["provider"], vars(each)["days_left"]) for each in caplog.records]
    assert told == [("bedrock", 40)]


def _has(table: Table, reports: int) -> bool:
    return len(table.reports) >= reports
