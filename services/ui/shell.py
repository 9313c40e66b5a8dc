"""What surrounds every view: page set-up, navigation, who is signed in, and what a refused
token leads to."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from clients.api import CaptionApi
from services.ui import sign_in
from services.ui.views import caption, detail, history

NAME = "Photo captions"
_CLIENT = "client"
_STYLE = Path(__file__).parent / "style.css"
# A file of our own: Streamlit's icon names would be fetched from another site.
_ICON = Path(__file__).parent / "icon.svg"


def prepare() -> None:
    """Title, width and the few rules that the theme can't express."""
    st.set_page_config(page_title=NAME, page_icon=_ICON, layout="centered")
    st.html(_STYLE)


def show(person: sign_in.Person, connect: Callable[[], CaptionApi]) -> None:
    """The signed-in page. ``connect`` is called once per session."""
    client = _client(connect)
    pages = [
        st.Page(
            lambda: caption.show(client),
            title="Caption photos",
            icon=":material/add_photo_alternate:",
            url_path="caption",
            default=True,
        ),
        st.Page(
            lambda: history.show(client),
            title="History",
            icon=":material/history:",
            url_path="history",
        ),
    ]
    # Our own links: on a phone Streamlit would hide its navigation behind an arrow.
    page = st.navigation(pages, position="hidden")
    _top(person, pages)
    with sign_in.required():
        if image_id := st.query_params.get("image"):
            detail.show(client, image_id)
        else:
            page.run()


def _client(connect: Callable[[], CaptionApi]) -> CaptionApi:
    if _CLIENT not in st.session_state:
        st.session_state[_CLIENT] = connect()
    return cast("CaptionApi", st.session_state[_CLIENT])


def _top(person: sign_in.Person, pages: list[StreamlitPage]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="top"):
        for page in pages:
            st.page_link(page, width="content")
        st.space("stretch")
        st.text(person.name)
        st.button("Sign out", type="tertiary", on_click=sign_in.sign_out)
