"""Tell screen readers which of the page's own links is the current one.

Streamlit marks it for the eye only, and has no name for a group of links. The script also holds
back what components would tell by themselves while another view is on its way.
"""

import streamlit as st

from services.ui.components.sources import source

_mark = st.components.v2.component("navigation", js=source("dom.js", "navigation.js"))


def mark(current: int | None) -> None:
    """Of the links in the container ``top`` the one with this index, if any, is the page shown."""
    _mark(data={"current": current}, key="navigation")
