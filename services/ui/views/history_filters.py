"""The history's search box and filters. They show what the address asks for and change nothing but
the address.
"""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from services.ui import look as looks
from services.ui.history_memory import Batch
from services.ui.look import Look, Wanted

_SEARCH = "history_search"
_STATE = "history_state"
_BATCH = "history_batch"
_STATES = {
    Wanted.ALL.value: "All",
    Wanted.DONE.value: "Done",
    Wanted.WORKING.value: "Being worked on",
    Wanted.FAILED.value: "Failed",
}


def show(look: Look, batches: Mapping[str, Batch]) -> None:
    """Draw them. ``batches`` are those to choose from, newest first."""
    _set(_SEARCH, look.q)
    _set(_STATE, look.wanted.value)
    _set(_BATCH, look.batch)
    with st.container(horizontal=True, vertical_alignment="bottom", key="history_filters"):
        st.text_input(
            "Search captions and labels",
            type="search",
            max_chars=looks.QUERY_MAX,
            key=_SEARCH,
            on_change=_searched,
        )
        offered = _names(batches, look.batch)
        if len(offered) > 1:
            st.selectbox(
                "Added together",
                list(offered),
                format_func=lambda batch: offered.get(batch, ""),
                key=_BATCH,
                on_change=_chose_batch,
                filter_mode=None,
                width=220,
            )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "Show",
            list(_STATES),
            format_func=lambda state: _STATES[state],
            key=_STATE,
            on_change=_chose_state,
            label_visibility="collapsed",
            required=True,
        )
        if look.is_filtered:
            st.button("Clear filters", type="tertiary", on_click=looks.go, args=(Look(),))


def _set(key: str, value: str) -> None:
    # Only where they differ: to set it anew would take away what is just being typed.
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _searched() -> None:
    _go(replace(looks.current(), q=st.session_state[_SEARCH].strip()))


def _chose_state() -> None:
    _go(replace(looks.current(), wanted=Wanted(st.session_state[_STATE] or "")))


def _chose_batch() -> None:
    batch = st.session_state[_BATCH]
    # What the browser chose from may be no longer what is offered; then nothing was chosen.
    if looks.is_batch(batch):
        _go(replace(looks.current(), batch=batch))


def _go(look: Look) -> None:
    # Streamlit also calls for a widget that has only been set: the page must not turn for that.
    if look != looks.current():
        looks.go(look.newest())


def _names(batches: Mapping[str, Batch], chosen: str) -> dict[str, str]:
    names = {"": "Any time"} | {batch: found.name for batch, found in batches.items()}
    return names if chosen in names else names | {chosen: "Photos added together"}
