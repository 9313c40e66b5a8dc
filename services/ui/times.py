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
    return f"{local.day} {local:%b %Y, %H:%M}"


def _zone() -> tzinfo:
    name = st.context.timezone
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        # The browser's word, so it may be anything.
        return UTC
