"""A picture of what took how long: one row for each, its words above its bar, under one clock.

The words are in the picture, so that neither the colours nor the tooltips are needed to read it; a
table beside it has to tell the same to those who can't see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import altair as alt
import streamlit as st

Tone = Literal["good", "bad", "skipped", "work"]

# At least 3:1 on the page's light and its dark ground (WCAG 2.2, 1.4.11).
_COLOURS: dict[Tone, str] = {
    "good": "#2f8f5b",
    "bad": "#c2701c",
    "skipped": "#7f8a92",
    "work": "#2f8f83",
}
_ROW = 44  # pixels
_FEET = 70  # pixels, for the clock beneath
_SHORTEST = 0.01  # of the whole, or what took no time could not be seen


@dataclass(frozen=True)
class Bar:
    """One row. ``start`` and ``duration`` are in seconds; ``more`` is for the tooltip."""

    words: str
    start: float
    duration: float
    tone: Tone
    more: Mapping[str, str] = field(default_factory=dict)


def show(bars: Sequence[Bar], *, title: str, key: str) -> None:
    """Draw it; ``title`` is what screen readers call it."""
    st.altair_chart(chart(bars), key=key, alt=title)


def chart(bars: Sequence[Bar]) -> alt.Chart:
    """The picture. Its data are in it: nothing has to be fetched for it."""
    whole = max((bar.start + bar.duration for bar in bars), default=0.0) or 1.0
    rows = [_row(number, bar, whole) for number, bar in enumerate(bars, 1)]
    # The words are an axis' labels because those take the theme's colour, which a text does not.
    words = alt.Axis(
        title=None,
        ticks=False,
        domain=False,
        labelAlign="left",
        labelPadding=0,
        labelOffset=-10,
        labelFontSize=13,
        labelLimit=0,
        maxExtent=0,
        zindex=1,
    )
    clock = alt.Axis(title="seconds", tickCount=5, grid=True)
    drawn: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows), height=_ROW * len(bars) + _FEET)
        .mark_bar(height=12, cornerRadius=3, yOffset=10)
        .encode(
            x=alt.X("start:Q", scale=alt.Scale(domain=[0, whole], nice=False), axis=clock),
            x2="end:Q",
            y=alt.Y("words:N", sort=None, axis=words),
            color=alt.Color(
                "tone:N",
                scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
                legend=None,
            ),
            tooltip=[alt.Tooltip(f"{name}:N") for name in _told(bars)],
        )
    )
    return drawn


def _told(bars: Sequence[Bar]) -> list[str]:
    """What tooltips tell, in the order of its first appearance."""
    return list(dict.fromkeys(name for bar in bars for name in bar.more))


def _row(number: int, bar: Bar, whole: float) -> dict[str, Any]:
    end = bar.start + max(bar.duration, whole * _SHORTEST)
    return {
        **bar.more,
        "start": min(bar.start, whole * (1 - _SHORTEST)),
        "end": min(end, whole),
        # Numbered, because rows of the same words would be one.
        "words": f"{number}. {bar.words}",
        "tone": bar.tone,
    }
