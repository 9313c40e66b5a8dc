"""Start a download without leaving the page."""

import streamlit as st

from services.ui.components.sources import source

_save = st.components.v2.component("saving", css=source("save.css"), js=source("dom.js", "save.js"))


def start(url: str, *, key: str) -> None:
    """Have the browser save what ``downloads.ticket`` gave ``url`` for; drawn again, not twice."""
    _save(data={"url": url}, key=key)
