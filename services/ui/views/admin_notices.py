"""How something an operator asked for ended, beside where it was asked."""

import streamlit as st

from services.ui.views.admin_watch import Watch


def show_notice(watch: Watch, about: str) -> None:
    """The notice of ``about``, until something else is asked there."""
    notice = watch.notices.get(about)
    if notice is None:
        return
    # All of our own words: nothing in them is to be read as Markdown.
    (st.success if notice.is_good else st.warning)(notice.text)
