"""The calm notice for a gateway that does not answer; it looks again by itself."""

import itertools

import streamlit as st

from services.ui import sentences

_PAUSE = 4.0  # seconds


def show() -> None:
    """Say so, and run the page again until the notice is no longer needed."""
    ticks = itertools.count()

    def notice() -> None:
        # The first call is the page's own run, every later one the timer's.
        if next(ticks):
            st.rerun()
        st.info(sentences.GOES_ON)

    st.fragment(notice, run_every=_PAUSE)()
