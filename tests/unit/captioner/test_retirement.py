"""Reminders that a model ends."""

import logging
from datetime import date
from typing import Any

import pytest

from services.captioner.retirement import NOTICE_DAYS, Retirement

END = date(2027, 3, 1)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Any:
    """The days that were left, as logged."""
    caplog.set_level(logging.WARNING, logger="services.captioner.retirement")
    return lambda: [vars(record)["days_left"] for record in caplog.records]


@pytest.mark.parametrize(
    ("today", "left"),
    [
        pytest.param(date(2026, 12, 31), [], id="60 days before"),
        pytest.param(date(2027, 1, 1), [59], id="59 days before"),
        pytest.param(date(2027, 3, 1), [0], id="on its last day"),
        pytest.param(date(2027, 3, 11), [-10], id="afterwards"),
    ],
)
def test_an_end_is_told_from_59_days_before_on(told: Any, today: date, left: list[int]) -> None:
    Retirement(["bedrock"], {"bedrock": END}).remind(today)

    assert told() == left


def test_each_day_has_one_reminder(told: Any) -> None:
    retirement = Retirement(["bedrock"], {"bedrock": END})

    for day in (20, 20, 20, 21):
        retirement.remind(date(2027, 1, day))

    assert told() == [40, 39]


def test_nobody_is_reminded_of_a_provider_that_is_not_asked(told: Any) -> None:
    retirement = Retirement(["local"], {"bedrock": END})

    retirement.remind(END)

    assert told() == []
    assert retirement.of("bedrock") is None
    assert NOTICE_DAYS == 60
