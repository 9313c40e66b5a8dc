"""What was done day by day: throughput, failures, stand-ins, speed and cost."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from clients.admin_resources import DayUsage, HourUsage, Usage
from services.ui.components import panel, table
from services.ui.times import milliseconds, when
from services.ui.views import admin_captions
from services.ui.views import admin_charts as charts
from services.ui.views import admin_days as by_day
from services.ui.views import admin_words as words

_DONE = charts.Series("Captioned", charts.TEAL)
_FAILED = charts.Series("Failed", charts.RED)


def show(usage: Usage | None, days: int) -> None:
    """The last ``days``, as far as they are known."""
    if usage is None or not usage.days:
        st.text("Looking at the days …")
        return
    # Oldest first: time goes to the right.
    shown = list(reversed(usage.days[:days]))
    panel.show(_today(usage.days[0]), key="today")
    left, right = st.columns(2)
    with left:
        _show_hours(list(reversed(usage.hours)))
    with right:
        _show_throughput(shown)
    left, right = st.columns(2)
    with left:
        _show_failures(shown)
    with right:
        admin_captions.show_stand_ins(shown)
    left, right = st.columns(2)
    with left:
        admin_captions.show_speed(shown)
    with right:
        admin_captions.show_cost(shown)


def _today(day: DayUsage) -> panel.Panel:
    speed = "-" if day.p50_ms is None else words.duration(day.p50_ms / 1000)
    return panel.Panel(
        label="Today, since midnight UTC",
        title="Today",
        subtitle="Since midnight UTC",
        figures=[
            panel.Figure("Taken in", f"{day.accepted:,}"),
            panel.Figure("Captioned", f"{day.completed:,}"),
            panel.Figure("Failed", f"{day.failed:,}"),
            panel.Figure("Refused", f"{day.uploads_refused:,}"),
            panel.Figure("Reused", f"{day.cached:,}"),
            panel.Figure("Half in", speed),
            panel.Figure("Our errors", f"{day.server_errors:,}"),
            panel.Figure("Cost", words.dollars(day.cost_usd)),
        ],
    )


def _show_hours(hours: Sequence[HourUsage]) -> None:
    series = (_DONE, _FAILED)
    done = sum(hour.completed for hour in hours)
    failed = sum(hour.failed for hour in hours)
    said = f"The last {words.count(len(hours), 'hour')}: {done:,} captioned, {failed:,} failed."
    chart = charts.Chart(
        key="hours",
        title="Photos an hour",
        words=said if done + failed else "No photo came to its end in the last two days.",
        rows=[
            {
                "x": milliseconds(hour.hour),
                "y": float(count),
                "series": each.name,
                "order": place,
            }
            for hour in hours
            for place, (each, count) in enumerate(
                zip(series, (hour.completed, hour.failed), strict=True)
            )
        ],
        numbers=table.Table(
            title="Photos an hour",
            columns=[
                table.Column("From"),
                table.Column(_DONE.name, numeric=True),
                table.Column(_FAILED.name, numeric=True),
            ],
            rows=[
                [when(hour.hour), f"{hour.completed:,}", f"{hour.failed:,}"]
                for hour in reversed(hours)
            ],
            folded="As a table",
        ),
        spec=charts.stacked_hours(series, "photos") if done + failed else None,
    )
    charts.show(chart)


def _show_throughput(days: Sequence[DayUsage]) -> None:
    accepted, done = sum(day.accepted for day in days), sum(day.completed for day in days)
    series = (_DONE, _FAILED)
    chart = charts.Chart(
        key="throughput",
        title="Photos a day",
        words=f"{words.count(accepted, 'photo')} taken in, {done:,} captioned.",
        rows=by_day.stack(days, series, lambda day: (day.completed, day.failed)),
        numbers=by_day.numbers(
            "Photos a day",
            days,
            {
                "Taken in": lambda day: f"{day.accepted:,}",
                "Captioned": lambda day: f"{day.completed:,}",
                "Failed": lambda day: f"{day.failed:,}",
            },
        ),
        spec=charts.stacked(series, "photos") if accepted or done else None,
    )
    charts.show(chart)


def _show_failures(days: Sequence[DayUsage]) -> None:
    codes: Counter[str] = Counter()
    for day in days:
        codes.update(day.failed_by_code)
    failed = sum(day.failed for day in days)
    untold = failed - codes.total()
    ranked = [(words.failure(code), count) for code, count in codes.most_common() if count > 0]
    if untold > 0 and codes:
        ranked.append(("Not counted by reason", untold))
    ended = failed + sum(day.completed for day in days)
    share = words.share(failed / ended) if ended else ""
    chart = charts.Chart(
        key="failures",
        title="Why photos failed",
        words=f"{words.count(failed, 'photo')} failed, {share} of all."
        if failed
        else "No photo failed.",
        rows=[{"x": name, "y": count} for name, count in ranked],
        numbers=table.Table(
            title="Why photos failed",
            columns=[table.Column("Reason"), table.Column("Photos", numeric=True)],
            rows=[[name, f"{count:,}"] for name, count in ranked],
            folded="As a table",
        ),
        spec=charts.ranked(len(ranked), charts.RED) if ranked else None,
    )
    charts.show(chart)
