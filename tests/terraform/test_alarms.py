"""What wakes somebody in production, by the plan of prod.tfvars."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.terraform.gate import Plan, needs_check

pytestmark = [needs_check, pytest.mark.timeout(300)]

_SCALED = ("gateway", "ui", "ingest", "captioner")

# Threshold, seconds of a period, periods in a row.
_ALARMS: Mapping[str, tuple[float, int, int]] = {
    "server-errors": (10, 300, 1),
    "slow-answers": (2, 300, 1),
    "table-throttles": (0, 300, 1),
    "ingest-dead-letters": (0, 300, 1),
    "caption-dead-letters": (0, 300, 1),
    "ingest-old-messages": (900, 300, 1),
    "caption-old-messages": (900, 300, 1),
    "every-provider-degraded": (0, 300, 3),
    "model-retired": (0, 300, 1),
    "endpoint-not-found": (0, 300, 1),
    "daily-budget-spent": (0, 300, 1),
    **{f"{name}-cpu": (80, 300, 3) for name in (*_SCALED, "sweeper")},
    **{f"{name}-memory": (85, 300, 1) for name in (*_SCALED, "sweeper")},
}


def _period(alarm: Mapping[str, Any]) -> int:
    periods = {query["metric"][0]["period"] for query in alarm["metric_query"] if query["metric"]}
    (period,) = periods or {alarm["period"]}
    return int(period)


def test_every_alarm_has_its_threshold_and_rings(production: Plan) -> None:
    alarms = production.of("aws_cloudwatch_metric_alarm").values()

    assert {
        alarm["alarm_name"].removeprefix("captions-prod-"): (
            alarm["threshold"],
            _period(alarm),
            alarm["evaluation_periods"],
        )
        for alarm in alarms
    } == _ALARMS
    assert {alarm["comparison_operator"] for alarm in alarms} == {"GreaterThanThreshold"}
    # The topic is made by the same plan, so its name is not known; that there is one, is.
    assert all(len(alarm["alarm_actions"]) == len(alarm["ok_actions"]) == 1 for alarm in alarms)
    assert production.one("aws_sns_topic_subscription")["protocol"] == "email"


def test_the_alarm_on_slow_answers_is_a_percentile_without_waits(production: Plan) -> None:
    (alarm,) = [
        each
        for each in production.of("aws_cloudwatch_metric_alarm").values()
        if each["alarm_name"] == "captions-prod-slow-answers"
    ]

    assert (alarm["metric_name"], alarm["extended_statistic"], alarm["statistic"]) == (
        "http.server.request.duration",
        "p95",
        None,
    )
    assert alarm["dimensions"] == {"caption.waited": "false"}


def test_alarms_on_log_lines_ask_for_the_events_that_the_code_logs(production: Plan) -> None:
    patterns = {
        each["pattern"] for each in production.of("aws_cloudwatch_log_metric_filter").values()
    }

    assert patterns == {
        f'{{ $.event = "{event}" }}'
        for event in ("model retired", "endpoint not found", "daily budget spent")
    }
