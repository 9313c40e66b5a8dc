"""The charts of the Operations page, each with the same figures as a table beneath.

Altair writes down each kind of chart once, which takes it some 60 ms; with every look only the
figures are new, so the picture moves on in place. Colours are of a middle lightness: at least 3.5
to 1 against the light and the dark ground alike (WCAG 1.4.11 asks for 3). Lines differ in their
dashes as well.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import streamlit as st

from services.ui.components import table

TEAL = "#1f8f83"
ORANGE = "#c8691c"
BLUE = "#4f7fd1"
PURPLE = "#9a63c7"
RED = "#d6493f"
GRAY = "#7b8590"

_HEIGHT = 240  # pixels
_BAR = 34  # pixels for each bar that has a name
_DASHES = ([1, 0], [5, 3], [2, 2])
_PADDING = {"left": 0, "top": 4, "right": 8, "bottom": 4}  # pixels
_TEXT = {"light": "#22262a", "dark": "#e8e6e1"}  # as in config.toml
_ROWS = "rows"

Spec = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """One line, or one layer of a stack."""

    name: str
    colour: str


@dataclass(frozen=True)
class Chart:
    """What a chart is called, says in words, and is drawn of.

    Each of ``rows`` has an ``x``, a ``y`` and the name of its ``series``. Without a ``spec`` the
    words stand alone.
    """

    key: str
    title: str
    words: str
    rows: Sequence[dict[str, Any]]
    numbers: table.Table
    spec: Spec | None


def show(chart: Chart) -> None:
    """Heading, words, picture and table."""
    with st.container(gap="xsmall", key=f"figure-{chart.key}"):
        st.subheader(chart.title, anchor=False)
        st.caption(chart.words)
        if chart.spec is None:
            return
        st.vega_lite_chart(
            spec={**chart.spec, **_ink(), "datasets": {_ROWS: list(chart.rows)}},
            key=f"chart-{chart.key}",
            alt=f"{chart.title}. The same figures are in the table beneath.",
        )
        table.show(chart.numbers, key=f"table-{chart.key}")


@functools.cache
def over_time(series: tuple[Series, ...], unit: str) -> Spec:
    """Lines over the hours; ``x`` are moments in milliseconds."""
    axis = alt.Axis(format="%H:%M", tickCount=6, grid=False)
    when = alt.Tooltip("x:T", title="When", format="%H:%M")
    return _lines(series, alt.X("x:T", title=None, axis=axis), unit, when, points=False)


@functools.cache
def over_days(series: tuple[Series, ...], unit: str) -> Spec:
    """Lines over the days; ``x`` are days in ISO 8601, and ``shown`` the same for people."""
    return _lines(series, _days(), unit, _when_day(), points=True)


@functools.cache
def stacked_hours(series: tuple[Series, ...], unit: str) -> Spec:
    """As ``stacked``, over hours in milliseconds."""
    axis = alt.Axis(format="%a %H:%M", tickCount=4, grid=False)
    when = alt.Tooltip("x:T", title="From", format="%a %H:%M")
    return _stacked(series, alt.X("yearmonthdatehours(x):T", title=None, axis=axis), unit, when)


@functools.cache
def stacked(series: tuple[Series, ...], unit: str) -> Spec:
    """Bars over the days (ISO 8601), a layer for each series, the first at the bottom.

    Each row has the place of its series as ``order``, and otherwise what ``over_days`` takes.
    """
    return _stacked(series, _days(), unit, _when_day())


def _stacked(series: tuple[Series, ...], x: alt.X, unit: str, when: alt.Tooltip) -> Spec:
    chart = (
        alt.Chart(alt.NamedData(_ROWS), height=_HEIGHT)
        .mark_bar()
        .encode(
            x=x,
            y=_amount(unit),
            color=_colour(series, _legend()),
            order=alt.Order("order:Q"),
            tooltip=_tooltip(unit, when),
        )
    )
    return _written(chart)


@functools.cache
def ranked(bars: int, colour: str) -> Spec:
    """So many bars beside their names, the longest first, each with its number at its end."""
    # By name and not "-x": Vega can't unite that of the bars with that of the numbers.
    longest = alt.EncodingSortField(field="y", op="sum", order="descending")
    base = alt.Chart(alt.NamedData(_ROWS), height=_BAR * bars + 10).encode(
        x=alt.X("y:Q", axis=None, scale=alt.Scale(zero=True, padding=24)),
        y=alt.Y("x:N", title=None, sort=longest, axis=alt.Axis(ticks=False, domain=False)),
    )
    numbers = base.mark_text(align="left", dx=5, fontSize=13).encode(
        text=alt.Text("y:Q", format=",")
    )
    return _written(alt.layer(base.mark_bar(color=colour, cornerRadiusEnd=3, height=18), numbers))


def _ink() -> Spec:
    """What is written in a chart, in the colour of the page's text: Streamlit's grey for legends
    is too pale on the light ground, and no one grey would do on both.
    """
    view = {"strokeOpacity": 0}
    colour = _TEXT.get(str(st.context.theme.type))
    if colour is None:  # the browser has not told yet
        return {"config": {"view": view}}
    return {"config": {"view": view, "legend": {"labelColor": colour}, "text": {"color": colour}}}


def _lines(
    series: tuple[Series, ...], x: alt.X, unit: str, when: alt.Tooltip, *, points: bool
) -> Spec:
    names = [each.name for each in series]
    # The legend shows strokes: the points that lie over the lines would hide their dashes.
    legend = _legend(symbolType="stroke", symbolStrokeWidth=3, symbolSize=500)
    base = alt.Chart(alt.NamedData(_ROWS), height=_HEIGHT).encode(
        x=x, y=_amount(unit), color=_colour(series, legend)
    )
    dashes = alt.Scale(domain=names, range=[list(dash) for dash in _DASHES[: len(names)]])
    lines = base.mark_line(strokeWidth=2.5, interpolate="monotone").encode(
        strokeDash=alt.StrokeDash("series:N", scale=dashes, legend=legend)
    )
    # Points are what a pointer can find; over the hours there are too many to be seen.
    marks = base.mark_point(filled=True, size=40, opacity=1 if points else 0).encode(
        tooltip=_tooltip(unit, when)
    )
    return _written(alt.layer(lines, marks))


def _written(chart: alt.Chart | alt.LayerChart | alt.FacetChart) -> Spec:
    # The look is Streamlit's own and not Altair's, as `st.altair_chart` has it.
    with alt.theme.enable("none"):
        spec: Spec = chart.properties(padding=_PADDING).to_dict()
    return spec


def _days() -> alt.X:
    # Sorted by themselves: figures that come later are put in behind those that are drawn.
    axis = alt.Axis(
        labelExpr="utcFormat(toDate(datum.value), '%-d %b')",
        labelAngle=0,
        labelOverlap="greedy",
        labelSeparation=6,
        grid=False,
    )
    return alt.X("x:O", title=None, sort="ascending", axis=axis)


def _amount(unit: str) -> alt.Y:
    axis = alt.Axis(tickCount=4, format="$.3~f" if unit == "$" else "~s", titlePadding=8)
    return alt.Y(
        "y:Q", title=None if unit == "$" else unit, axis=axis, scale=alt.Scale(zero=True, nice=True)
    )


def _colour(series: tuple[Series, ...], legend: alt.Legend) -> alt.Color:
    names, colours = [each.name for each in series], [each.colour for each in series]
    return alt.Color("series:N", scale=alt.Scale(domain=names, range=colours), legend=legend)


def _legend(**options: Any) -> alt.Legend:
    return alt.Legend(title=None, orient="top", direction="horizontal", offset=6, **options)


def _when_day() -> alt.Tooltip:
    return alt.Tooltip("shown:N", title="Day")


def _tooltip(unit: str, when: alt.Tooltip) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("series:N", title="What"),
        when,
        alt.Tooltip("y:Q", title=unit, format=",.4~r"),
    ]
