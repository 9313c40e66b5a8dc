"""Runs the fragment it stands in again and again, for as long as its tab is the one being seen.

Streamlit's own timer goes on in tabs that nobody looks at.
"""

import streamlit as st

from services.ui.components.revisions import revised
from services.ui.components.sources import source

_pulse = st.components.v2.component("pulse", js=source("dom.js", "pulse.js"))


def show(every: float, *, key: str) -> None:
    """Run again ``every`` so many seconds from the last time."""
    data = revised({"every_ms": round(every * 1000)}, key=key)
    _pulse(data=data, key=key, on_beat_change=lambda: None)
