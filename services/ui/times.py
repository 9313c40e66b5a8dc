"""Moments as people read them, in the reader's own time zone."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def when(moment: datetime | None) -> str:
    """``"22 Nov 2026, 13:05"``, or nothing if unknown."""
    if moment is None:
        return ""
    local = moment.astimezone(_zone())
    return f"{local.day} {local:%b %Y, %H:%M}"


def _zone() -> tzinfo:
    name = st.context.timezone
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        # The browser's word, so it may be anything.
        return UTC
