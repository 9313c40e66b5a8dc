"""Add photos, watch them come along, take the texts.

The photos go from the browser to the store; this hands out forms for them and tells how they are.
The browser says when it wants to know more, so a hidden or finished page asks for nothing.
"""

import re
from typing import cast

import streamlit as st

from clients.api import CaptionApi
from services.ui import sign_in, told
from services.ui.components import tray
from services.ui.desk import Desk
from services.ui.sign_in import Person

_DESK = "desk"
_OPENED = "desk_opened"
_BATCH_ID = re.compile(told.BATCH_ID)


def show(client: CaptionApi, person: Person) -> None:
    """The page for adding photos."""
    st.title("Caption photos", anchor=False)
    st.fragment(_tray)(client, person)


def _tray(client: CaptionApi, person: Person) -> None:
    """One turn; the tray's events lead here, and to no run of the whole page."""
    desk = _desk()
    state = tray.told()
    _open_address(desk)
    desk.turn(client, state)
    if desk.signed_out:
        with sign_in.required():
            raise sign_in.refusal()
    if desk.newest and st.query_params.get("batch") != desk.newest:
        # A reload, or a link kept by its owner, finds the drop again.
        st.query_params["batch"] = desk.newest
    tray.show(person.tag, desk.shown(state))
    if state.opened and st.session_state.get(_OPENED) != state.opened:
        st.session_state[_OPENED] = state.opened
        st.query_params["image"] = state.opened
        st.rerun()
    if not state.opened:
        st.session_state.pop(_OPENED, None)


def _desk() -> Desk:
    if _DESK not in st.session_state:
        st.session_state[_DESK] = Desk()
    return cast("Desk", st.session_state[_DESK])


def _open_address(desk: Desk) -> None:
    wanted = st.query_params.get("batch", "")
    if _BATCH_ID.fullmatch(wanted):
        desk.open(wanted)
