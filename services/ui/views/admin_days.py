"""Days as rows of a chart and of a table."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from clients.admin_resources import DayUsage
from services.ui.components import table
from services.ui.views import admin_charts as charts
from services.ui.views import admin_words as words


def stack(
    days: Sequence[DayUsage],
    series: Sequence[charts.Series],
    amounts: Callable[[DayUsage], Sequence[float]],
) -> list[dict[str, Any]]:
    """The ``amounts`` of each day, one for each of ``series``, as rows of a stacked chart."""
    return [
        row(day, amount, each.name) | {"order": place}
        for day in days
        for place, (each, amount) in enumerate(zip(series, amounts(day), strict=True))
    ]


def row(day: DayUsage, y: float, series: str) -> dict[str, Any]:
    """One row of a chart over days."""
    return {"x": day.day, "y": float(y), "series": series, "shown": _name(day)}


def _name(day: DayUsage) -> str:
    try:
        return words.day(date.fromisoformat(day.day))
    except ValueError:
        return day.day


def numbers(
    title: str, days: Sequence[DayUsage], columns: dict[str, Callable[[DayUsage], str]]
) -> table.Table:
    """A table with a row for each day, the latest first, and ``columns`` by their names."""
    return table.Table(
        title=title,
        columns=[table.Column("Day"), *(table.Column(name, numeric=True) for name in columns)],
        rows=[[_name(day), *(of(day) for of in columns.values())] for day in reversed(days)],
        folded="As a table",
    )
