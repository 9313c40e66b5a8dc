"""The browser's side of being signed in: one per page, drawn before everything else.

It clears what this browser keeps once somebody has signed out, starts anew where another person has
signed in since, says when the session is about to end, and leads back to where a sign-in began.
``style.css`` hides the page until this has had its first look.
"""

import time
from collections.abc import Mapping

import streamlit as st

from services.ui.components.revisions import revised
from services.ui.components.sources import source
from services.ui.sign_in import Person

_KEY = "session"
# By this process's clock: the browser's own may be wrong.
_OPENED = "session_opened"
_TO_FORGET = "session_to_forget"
_FORGOT = "session_forgot"

_session = st.components.v2.component(
    "session",
    css=source("session.css"),
    js=source("dom.js", "storage.js", "session.js"),
)


def watch(person: Person) -> None:
    """This page is ``person``'s until their token ends, which leads to a run of the page."""
    kept = st.session_state.pop(_TO_FORGET, None)
    if kept is not None:
        st.session_state.clear()
        st.session_state.update({**kept, _FORGOT: time.time()})
    _draw(
        mode="in",
        owner=person.tag,
        since=person.since,
        ends_at=person.ends_at,
        now=st.session_state.setdefault(_OPENED, time.time()),
        forgot=st.session_state.get(_FORGOT, 0.0),
    )


def forget(kept: Mapping[str, object]) -> None:
    """With the next run let go what this session and this browser hold of the person's work.

    ``kept`` is what the session's state has afterwards.
    """
    st.session_state[_TO_FORGET] = kept


def stand_by(*, ended: bool) -> None:
    """Nobody's page. Unless a session just ``ended``, nothing of anybody's stays in the browser."""
    _draw(mode="ended" if ended else "out")


def _draw(**data: str | float) -> None:
    _session(
        data=revised(data, key=_KEY),
        key=_KEY,
        on_over_change=lambda: None,
        on_renew_change=st.login,
    )
