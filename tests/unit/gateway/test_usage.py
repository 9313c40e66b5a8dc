"""The hours of the usage page."""

from datetime import UTC, date, datetime

from services.gateway.usage import HOURS, hours_of
from shared.usage import DayUsage

NOW = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)


def test_hours_go_back_48_of_them_over_the_days_newest_first() -> None:
    hourly = {
        22: {("completed", 0): 5, ("completed", 1): 99, ("failed", 0): 1},
        21: {("completed", 23): 4},
        20: {("failed", 1): 3, ("failed", 0): 99},
    }
    days = [DayUsage(date(2026, 11, day), hourly=counts) for day, counts in hourly.items()]

    hours = hours_of(days, NOW)

    assert len(hours) == HOURS
    assert [hours[0].hour, hours[-1].hour] == [
        "2026-11-22T00:00:00.000Z",
        "2026-11-20T01:00:00.000Z",
    ]
    assert [
        (each.hour[8:13], each.completed, each.failed)
        for each in hours
        if each.completed + each.failed
    ] == [
        ("22T00", 5, 1),
        ("21T23", 4, 0),
        ("20T01", 0, 3),
    ]
