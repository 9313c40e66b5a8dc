"""One photo as large as there is room for it, which is kept before the photo has arrived."""

from dataclasses import asdict, dataclass

import streamlit as st

from services.ui.components.revisions import revised
from services.ui.components.sources import source

_picture = st.components.v2.component(
    "photo_picture", css=source("picture.css"), js=source("dom.js", "picture.js")
)


@dataclass(frozen=True)
class Picture:
    """Where it is; ``width`` and ``height`` are in pixels.

    ``instead`` is shown if the browser can't show ``url``, ``full`` is what the link opens.
    """

    url: str
    alt: str
    width: int
    height: int
    instead: str = ""
    full: str = ""


def show(picture: Picture | None, *, words: str, key: str) -> None:
    """Draw it, or ``words`` in its place while there is none."""
    data = {"picture": asdict(picture) if picture else None, "words": words}
    _picture(data=revised(data, key=key), key=key)
