from datetime import UTC, date, datetime

import pytest

from services.gateway.providers import views_of
from shared.latency import BUCKETS
from shared.provider_health import Circuit, ProcessReport, ProviderReport
from shared.usage import DayUsage

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def report(*circuits: tuple[str, Circuit], at: float = 0) -> ProcessReport:
    return ProcessReport(
        at=at,
        providers=tuple(
            ProviderReport(
                name=name, model="m", circuit=circuit, tries=0, answered=0, latency=(0,) * BUCKETS
            )
            for name, circuit in circuits
        ),
    )


def test_nothing_is_claimed_of_what_nobody_reports() -> None:
    views = views_of([], [], now=NOW)

    assert [view.name for view in views] == ["bedrock", "sagemaker", "huggingface", "local"]
    assert not any(view.configured or view.circuit or view.p50_ms for view in views)


@pytest.mark.parametrize(
    ("circuits", "told"),
    [
        (("closed", "closed"), "closed"),
        (("closed", "half_open"), "half_open"),
        (("half_open", "open"), "open"),
    ],
)
def test_worst_circuit_is_told(circuits: tuple[Circuit, ...], told: str) -> None:
    views = views_of([report(("local", circuit)) for circuit in circuits], [], now=NOW)

    assert views[0].circuit == told


def test_idle_provider_has_no_rate() -> None:
    [local, *_] = views_of([report(("local", "closed"))], [], now=NOW)

    assert (local.success_rate, local.p50_ms, local.last_error) == (None, None, None)


def test_cost_is_of_the_last_day_to_the_hour() -> None:
    today = DayUsage(date(2026, 11, 22), costs={("bedrock", 0): 1.0, ("bedrock", 10): 2.0})
    yesterday = DayUsage(
        date(2026, 11, 21), costs={("bedrock", 10): 4.0, ("bedrock", 11): 8.0, ("local", 23): 16.0}
    )

    costs = {view.name: view.cost_usd_24h for view in views_of([], [today, yesterday], now=NOW)}

    assert costs == {"bedrock": 11.0, "sagemaker": 0, "huggingface": 0, "local": 16.0}


def test_of_two_ends_the_first_is_told_and_what_holds_it() -> None:
    reports = [
        report_of(held="over_budget", end_of_life="2027-06-30"),
        report_of(end_of_life="2027-03-31"),
        report_of(),
    ]

    [bedrock, *_] = views_of(reports, [], now=NOW)

    assert (bedrock.end_of_life, bedrock.held) == ("2027-03-31", "over_budget")


def report_of(**fields: str) -> ProcessReport:
    [bedrock] = report(("bedrock", "closed")).providers
    return ProcessReport(at=0, providers=(bedrock.model_copy(update=fields),))
