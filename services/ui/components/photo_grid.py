"""Thumbnails with their short captions: each a link to its photo, with a box to tick, and under one
bar what can be done with the ticked ones.

Which ones are ticked is known to the browser first. It tells all of them at every change, so that
a message that gets lost is made up for by the next.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import streamlit as st

from services.ui.components.revisions import revised
from services.ui.components.sources import source

_grid = st.components.v2.component(
    "photo_grid",
    css=source("grid.css"),
    js=source("dom.js", "grid_selection.js", "grid_tiles.js", "grid.js"),
)


@dataclass(frozen=True)
class Tile:
    """One photo of the grid; field names are those of ``grid_tiles.js``.

    ``stage`` is for the looks, ``state`` are its words where it is not simply done. ``row`` is the
    photo's line of the table that "Copy as CSV" makes.
    """

    id: str
    caption: str
    when: str
    stage: str
    state: str | None
    note: str | None
    url: str | None
    row: str


@dataclass(frozen=True)
class Place:
    """Where the reader was: the photo that was opened, how far the page was scrolled (px), and when
    (ms), which tells one way back from another.
    """

    id: str
    top: float
    at: int


@dataclass(frozen=True)
class Grid:
    """What is drawn; field names are those of ``grid.js``.

    ``address`` is what the links keep of the page's address, ``page`` the part of it that changes
    when a page is turned. ``chosen`` are the ticked photos for a grid that is drawn anew, with the
    ``row`` of those on other pages; ``gone`` those to untick.
    """

    tiles: Sequence[Tile]
    address: str
    page: str
    header: str
    chosen: Mapping[str, str | None] = field(default_factory=dict)
    gone: Sequence[str] = ()
    place: Place | None = None


@dataclass(frozen=True)
class Told:
    """What to do, before the run, when the browser has told something: see ``said``."""

    chosen: Callable[[], None]
    opened: Callable[[], None]
    asked: Callable[[], None]
    spoiled: Callable[[], None]


def show(grid: Grid, *, told: Told, key: str) -> None:
    """Draw it; the same key updates in place."""
    _grid(
        data=revised(asdict(grid), key=key),
        key=key,
        on_chosen_change=told.chosen,
        on_opened_change=told.opened,
        on_asked_change=told.asked,
        on_spoiled_change=told.spoiled,
    )


def said(key: str, name: str) -> Any:
    """What the browser told under this name, or ``None``: the browser's word, so of any shape.

    ``chosen``: ids of all ticked photos. ``opened``: what ``Place`` holds. ``asked``:
    ``{"what", "ids"}`` with "export" or "delete". ``spoiled``: a thumbnail's address has run out.
    """
    value = st.session_state.get(key)
    return value.get(name) if isinstance(value, Mapping) else None
