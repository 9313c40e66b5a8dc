"""What surrounds every view: page set-up, navigation, who is signed in, and what a refused
token leads to."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from clients.api import CaptionApi
from services.ui import sign_in
from services.ui.components import navigation, session
from services.ui.views import account, admin, caption, history, photo

NAME = "Photo captions"
_CLIENT = "client"
_TOKEN = "client_token"
_OWNER = "client_owner"
_STYLE = Path(__file__).parent / "style.css"
# A file of our own: Streamlit's icon names would be fetched from another site.
_ICON = Path(__file__).parent / "icon.svg"


def prepare() -> None:
    """Title, width and the few rules that the theme can't express."""
    st.set_page_config(page_title=NAME, page_icon=_ICON, layout="centered")
    st.html(_STYLE)


def show(person: sign_in.Person, connect: Callable[[], CaptionApi]) -> None:
    """The signed-in page. ``connect`` is called once per session and token."""
    session.watch(person)
    client = _client(person, connect)
    pages = [
        st.Page(
            lambda: caption.show(client, person),
            title="Caption photos",
            icon=":material/add_photo_alternate:",
            url_path="caption",
            default=True,
        ),
        st.Page(
            lambda: history.show(client, person),
            title="History",
            icon=":material/history:",
            url_path="history",
        ),
        st.Page(
            lambda: account.show(client, person),
            title="Account",
            icon=":material/person:",
            url_path="account",
        ),
    ]
    # There for everybody, linked for operators: to others who type its address it says whose it is.
    operations = st.Page(
        (lambda: admin.show(client)) if person.is_admin else admin.show_to_others,
        title="Operations",
        icon=":material/monitoring:",
        url_path="operations",
    )
    # Our own links: on a phone Streamlit would hide its navigation behind an arrow.
    page = st.navigation([*pages, operations], position="hidden")
    image_id = st.query_params.get("image")
    st.set_page_config(page_title=f"{'Photo' if image_id else page.title} · {NAME}")
    _top(person, [*pages, operations] if person.is_admin else pages, page)
    with sign_in.required():
        if image_id:
            photo.show(client, image_id, person)
        else:
            page.run()


def _client(person: sign_in.Person, connect: Callable[[], CaptionApi]) -> CaptionApi:
    """This session's client, and a new one where Streamlit carries it on with another token."""
    if st.session_state.get(_TOKEN) != person.token:
        if st.session_state.get(_OWNER, person.tag) != person.tag:
            st.session_state.clear()
        st.session_state[_CLIENT] = connect()
        st.session_state[_TOKEN], st.session_state[_OWNER] = person.token, person.tag
    return cast("CaptionApi", st.session_state[_CLIENT])


def _top(person: sign_in.Person, pages: list[StreamlitPage], page: StreamlitPage) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="top"):
        for each in pages:
            st.page_link(each, width="content")
        st.space("stretch")
        st.text(person.name)
        st.button("Sign out", key="sign-out", type="tertiary", on_click=sign_in.sign_out)
        navigation.mark(pages.index(page) if page in pages else None)
