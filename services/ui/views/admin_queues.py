"""The queues: how full they are now, and how they went in the last hours."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from clients.admin_resources import Queue, QueuePoint
from services.ui.components import panel, table
from services.ui.times import clock, milliseconds
from services.ui.views import admin_charts as charts
from services.ui.views import admin_words as words
from services.ui.views.admin_health import OLD_S, VERY_OLD_S
from services.ui.views.admin_watch import HISTORY_HOURS

_COLOURS = (charts.TEAL, charts.ORANGE, charts.BLUE)
_ROW_MS = 15 * 60 * 1000  # that a row of the table tells of; the chart has each minute


def show(queues: list[Queue] | None, history: list[QueuePoint] | None) -> None:
    """Panels of now and charts of before."""
    st.header("Queues", anchor=False)
    if queues is None:
        st.text("Looking at the queues …")
        return
    for column, queue in zip(st.columns(len(queues) or 1), queues, strict=False):
        with column.container(border=True):
            panel.show(_panel(queue), key=f"queue-{queue.name}")
    if history:
        names = list(dict.fromkeys(point.queue for point in history))
        series = tuple(
            charts.Series(words.queue(name), _COLOURS[place % len(_COLOURS)])
            for place, name in enumerate(names)
        )
        left, right = st.columns(2)
        with left:
            _show_depth(history, series)
        with right:
            _show_age(history, series)


def _panel(queue: Queue) -> panel.Panel:
    age = queue.oldest_age_s
    name = words.queue(queue.name)
    return panel.Panel(
        label=name,
        title=name,
        state=_state(queue),
        figures=[
            panel.Figure("Waiting", f"{queue.visible + queue.delayed:,}"),
            panel.Figure("In work", f"{queue.in_flight:,}"),
            panel.Figure("Oldest", "-" if age is None else words.duration(age)),
            panel.Figure(
                "Given up on", f"{queue.dead_letters:,}", "bad" if queue.dead_letters else ""
            ),
        ],
    )


def _state(queue: Queue) -> panel.Said:
    age = queue.oldest_age_s or 0
    if queue.dead_letters:
        return panel.Said("Dead letters", "bad")
    if age > OLD_S:
        return panel.Said("Slow", "bad" if age > VERY_OLD_S else "warn")
    if queue.visible + queue.in_flight + queue.delayed:
        return panel.Said("Working", "good")
    return panel.Said("Idle", "good")


def _show_depth(history: list[QueuePoint], series: tuple[charts.Series, ...]) -> None:
    rows = [_row(point, point.visible + point.in_flight) for point in history]
    most = max(row["y"] for row in rows)
    chart = charts.Chart(
        key="depth",
        title="Jobs waiting or in work",
        words=f"The last {HISTORY_HOURS} hours. At most {most:,} at a time.",
        rows=rows,
        numbers=_numbers("Jobs waiting or in work", rows, series, lambda y: f"{y:,}"),
        spec=charts.over_time(series, "jobs"),
    )
    charts.show(chart)


def _show_age(history: list[QueuePoint], series: tuple[charts.Series, ...]) -> None:
    ages = [(point, point.oldest_age_s or 0) for point in history]
    rows = [_row(point, round(age / 60, 2)) for point, age in ages]
    longest = max(age for _, age in ages)
    said = f"At most {words.duration(longest)}." if longest else "Nothing had to wait."
    chart = charts.Chart(
        key="age",
        title="Wait of the oldest job",
        words=f"The last {HISTORY_HOURS} hours. {said}",
        rows=rows,
        numbers=_numbers("Wait of the oldest job", rows, series, lambda y: words.duration(y * 60)),
        spec=charts.over_time(series, "minutes") if longest else None,
    )
    charts.show(chart)


def _row(point: QueuePoint, y: float) -> dict[str, Any]:
    return {"x": milliseconds(point.at), "y": y, "series": words.queue(point.queue)}


def _numbers(
    title: str,
    rows: list[dict[str, Any]],
    series: Sequence[charts.Series],
    written: Callable[[float], str],
) -> table.Table:
    """The most of each quarter of an hour, the latest first."""
    most: dict[int, dict[str, float]] = {}
    for row in reversed(rows):
        found = most.setdefault(row["x"] // _ROW_MS, {})
        found[row["series"]] = max(found.get(row["series"], 0), row["y"])
    return table.Table(
        title=f"{title}: the most in each quarter of an hour",
        columns=[table.Column("From"), *(table.Column(each.name, numeric=True) for each in series)],
        rows=[
            [
                clock(quarter * _ROW_MS / 1000),
                *(written(found.get(each.name, 0)) for each in series),
            ]
            for quarter, found in most.items()
        ],
        folded="As a table",
    )
