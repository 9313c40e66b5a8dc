"""Thumbnails with their short captions, each a link to its photo."""

from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from services.ui.components.revisions import revised

_HERE = Path(__file__).parent
_grid = st.components.v2.component(
    "photo_grid",
    css=(_HERE / "grid.css").read_text(),
    js=(_HERE / "grid.js").read_text(),
)


@dataclass(frozen=True)
class Tile:
    """One photo of the grid; field names are those of ``grid.js``."""

    id: str
    caption: str
    when: str
    stage: str
    url: str | None


def show(tiles: list[Tile], *, key: str) -> str | None:
    """Draw them; returns the id of the photo that was just clicked, once."""
    data = revised({"tiles": [asdict(tile) for tile in tiles]}, key=key)
    result = _grid(data=data, key=key, on_opened_change=lambda: None)
    opened = result.get("opened")
    return opened if isinstance(opened, str) else None
