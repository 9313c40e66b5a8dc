"""Everything this person has handed in, newest first, twenty at a time."""

import streamlit as st

from services.ui.batches import stage_of
from services.ui.client import GatewayClient, Refused, Unreachable
from services.ui.components import away, photo_grid
from services.ui.resources import Photo, PhotoPage
from services.ui.times import when

PAGE_SIZE = 20
# The cursors that lead to the page shown, oldest last; empty on the newest page.
_TRAIL = "history_trail"


def show(client: GatewayClient) -> None:
    """One page of the past."""
    st.title("History", anchor=False)
    trail: list[str] = st.session_state.setdefault(_TRAIL, [])
    page = _page(client, trail)
    if page is None:
        return
    if not page.items and not trail:
        st.write("Your photos and their captions will be kept here.")
        st.write("Add your first photo under “Caption photos”: it takes a few seconds.")
        return
    opened = photo_grid.show([_tile(photo) for photo in page.items], key="grid")
    if opened is not None:
        st.query_params["image"] = opened
        st.rerun()
    _turn(page, trail)


def _page(client: GatewayClient, trail: list[str]) -> PhotoPage | None:
    try:
        return client.photos(limit=PAGE_SIZE, cursor=trail[-1] if trail else None)
    except Unreachable:
        away.show()
    except Refused:
        # A cursor outlived by what it pointed to: the newest page always works.
        trail.clear()
        st.write("This page of your history is no longer there.")
        st.button("Show the newest photos")
    return None


def _turn(page: PhotoPage, trail: list[str]) -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        if trail and st.button("Newer", icon=":material/chevron_left:"):
            trail.pop()
            st.rerun()
        if page.next_cursor and st.button("Older", icon=":material/chevron_right:"):
            trail.append(page.next_cursor)
            st.rerun()


def _tile(photo: Photo) -> photo_grid.Tile:
    stage = stage_of(photo)
    caption = (photo.captions and photo.captions.concise) or stage.value
    url = photo.thumbnail.url if photo.thumbnail else None
    return photo_grid.Tile(photo.image_id, caption, when(photo.created_at), stage.name.lower(), url)
