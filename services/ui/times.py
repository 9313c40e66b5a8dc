"""Moments as people read them, in the reader's own time zone."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def when(timestamp: str) -> str:
    """``"22 Nov 2026, 13:05"`` for an RFC 3339 timestamp, or nothing if it is none."""
    try:
        local = datetime.fromisoformat(timestamp).astimezone(_zone())
    except (ValueError, OverflowError):
        return ""
    return _words(local)


def by_its_own_clock(timestamp: str) -> str:
    """The same for a moment as the clock showed it that wrote it down: a camera's, say."""
    try:
        return _words(datetime.fromisoformat(timestamp))
    except ValueError:
        return ""


def _words(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def clock(moment: float) -> str:
    """``"13:05"`` for seconds since 1970."""
    return f"{datetime.fromtimestamp(moment, _zone()):%H:%M}"


def milliseconds(timestamp: str) -> int:
    """The moment in milliseconds since 1970, as charts take it; 0 if it is none."""
    try:
        return round(datetime.fromisoformat(timestamp).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def _zone() -> tzinfo:
    name = st.context.timezone
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        # The browser's word, so it may be anything.
        return UTC
