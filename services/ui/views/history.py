"""Everything this person has handed in, newest first, twenty at a time, or what a search finds."""

import streamlit as st

from clients.api import CaptionApi
from clients.problems import Refused, Unavailable, Unreachable
from clients.resources import Image, Page
from services.ui.batches import stage_of
from services.ui.components import away, photo_grid
from services.ui.times import when

PAGE_SIZE = 20
_QUERY_MAX = 200  # characters, as the gateway has it
# The cursors that lead to the page shown, oldest last; empty on the newest page.
_TRAIL = "history_trail"
# What is searched for, and the widget, whose own state is gone once another view was shown.
_QUERY = "history_query"
_SEARCH = "history_search"


def show(client: CaptionApi) -> None:
    """One page of the past."""
    st.title("History", anchor=False)
    trail: list[str] = st.session_state.setdefault(_TRAIL, [])
    query = _query(trail)
    page = _page(client, trail, query)
    if page is None:
        return
    if not page.items and not trail and not page.next_cursor:
        _show_nothing(query)
        return
    opened = photo_grid.show([_tile(photo) for photo in page.items], key="grid")
    if opened is not None:
        st.query_params["image"] = opened
        st.rerun()
    _turn(page, trail)


def _query(trail: list[str]) -> str:
    before = st.session_state.get(_QUERY, "")
    st.session_state.setdefault(_SEARCH, before)
    query = st.text_input("Search captions and labels", max_chars=_QUERY_MAX, key=_SEARCH).strip()
    if query != before:
        # A cursor belongs to what was searched for: another search starts at its newest page.
        trail.clear()
        st.session_state[_QUERY] = query
    return query


def _page(client: CaptionApi, trail: list[str], query: str) -> Page | None:
    try:
        return client.images(limit=PAGE_SIZE, cursor=trail[-1] if trail else None, q=query or None)
    except (Unreachable, Unavailable):
        away.show()
    except Refused:
        # A cursor outlived by what it pointed to: the newest page always works.
        trail.clear()
        st.write("This page of your history is no longer there.")
        st.button("Show the newest photos")
    return None


def _show_nothing(query: str) -> None:
    if query:
        st.write("No photo of yours has these words in its captions or labels.")
        return
    st.write("Your photos and their captions will be kept here.")
    st.write("Add your first photo under “Caption photos”: it takes a few seconds.")


def _turn(page: Page, trail: list[str]) -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        if trail and st.button("Newer", icon=":material/chevron_left:"):
            trail.pop()
            st.rerun()
        if page.next_cursor and st.button("Older", icon=":material/chevron_right:"):
            trail.append(page.next_cursor)
            st.rerun()


def _tile(photo: Image) -> photo_grid.Tile:
    stage = stage_of(photo)
    caption = (photo.captions and photo.captions.concise) or stage.value
    url = photo.thumbnail.url if photo.thumbnail else None
    return photo_grid.Tile(photo.image_id, caption, when(photo.created_at), stage.name.lower(), url)
