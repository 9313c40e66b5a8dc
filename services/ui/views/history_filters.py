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
    with st.container(horizontal=True, vertical_alignment="bottom", key="history_filters"):
        search = _key(_SEARCH, look.q)
        st.text_input(
            "Search captions and labels",
            value=look.q,
            type="search",
            max_chars=looks.QUERY_MAX,
            key=search,
            on_change=_searched,
            args=(search, look.q),
        )
        offered = _names(batches, look.batch)
        if len(offered) > 1:
            batch = _key(_BATCH, look.batch)
            st.selectbox(
                "Added together",
                list(offered),
                index=list(offered).index(look.batch),
                format_func=lambda batch: offered.get(batch, ""),
                key=batch,
                on_change=_chose_batch,
                args=(batch, look.batch),
                filter_mode=None,
                width=220,
            )
    with st.container(horizontal=True, vertical_alignment="center"):
        state = _key(_STATE, look.wanted.value)
        st.segmented_control(
            "Show",
            list(_STATES),
            default=look.wanted.value,
            format_func=lambda state: _STATES[state],
            key=state,
            on_change=_chose_state,
            args=(state, look.wanted.value),
            label_visibility="collapsed",
            required=True,
        )
        if look.is_filtered:
            st.button("Clear filters", type="tertiary", on_click=looks.go, args=(Look(),))


def _key(name: str, value: str) -> str:
    """The key of the widget that is there if it shows ``value``, else one for a new widget.

    To set the value of the one that is there is told the browser in one drawing only. If it is
    busy it skips that for the next, goes on showing the old value and tells it at its next word,
    as if it had just been chosen.
    """
    count = f"{name}_count"
    key = f"{name}_{st.session_state.get(count, 0)}"
    shown = st.session_state.get(key)
    if shown is not None and shown.strip() == value:
        return key
    st.session_state[count] = st.session_state.get(count, 0) + 1
    return f"{name}_{st.session_state[count]}"


def _searched(key: str, before: str) -> None:
    words = _news(key, before)
    if words is not None:
        looks.go(replace(looks.current(), q=words).newest())


def _chose_state(key: str, before: str) -> None:
    state = _news(key, before)
    if state is not None:
        looks.go(replace(looks.current(), wanted=Wanted(state)).newest())


def _chose_batch(key: str, before: str) -> None:
    batch = _news(key, before)
    # What the browser chose from may be no longer what is offered; then nothing was chosen.
    if batch is not None and looks.is_batch(batch):
        looks.go(replace(looks.current(), batch=batch).newest())


def _news(key: str, before: str) -> str | None:
    """What the widget shows, or ``None`` if it is what it showed ``before``: Streamlit also calls
    for a widget that has only been put up, and the page must not turn for that.
    """
    shown = st.session_state.get(key)
    if shown is None or shown.strip() == before:
        return None
    return str(shown.strip())


def _names(batches: Mapping[str, Batch], chosen: str) -> dict[str, str]:
    names = {"": "Any time"} | {batch: found.name for batch, found in batches.items()}
    return names if chosen in names else names | {chosen: "Photos added together"}
