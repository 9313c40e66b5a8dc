"""The tray: photos are added, sent and shown by one component, in the browser.

Its script keeps what was added and sends it; see ``desk.py`` for the other half.
"""

from typing import Any

import streamlit as st

from services.ui.components.revisions import revised
from services.ui.components.sources import source
from services.ui.languages import LANGUAGES
from services.ui.photo_files import rules
from services.ui.told import Told, told_by

_KEY = "tray"
# Said while there is nothing else: a heading and paragraphs.
_TEACH = (
    "What you get",
    "For every photo: a short caption of at most ten words, a creative one of a sentence or two, "
    "and an alt text for people who use a screen reader. Each has a button to copy it.",
    "Photos take a few seconds each. You may close this page meanwhile: everything you add is kept "
    "under History.",
)

_tray = st.components.v2.component(
    "tray",
    css=source("tray.css"),
    js=source(
        "dom.js",
        "storage.js",
        "tray_check.js",
        "tray_keep.js",
        "tray_options.js",
        "tray_model.js",
        "tray_send.js",
        "tray_pictures.js",
        "tray_card.js",
        "tray_draw.js",
        "tray.js",
    ),
)


def told() -> Told:
    """What the browser has told last."""
    state = st.session_state.get(_KEY) or {}
    return told_by(state.get("told"))


def show(owner: str, shown: dict[str, Any]) -> None:
    """Draw what ``Desk.shown`` gave for the person with the tag ``owner``."""
    fixed = {"owner": owner, "rules": rules(), "languages": LANGUAGES, "teach": _TEACH}
    _tray(data=revised({**fixed, **shown}, key=_KEY), key=_KEY, on_told_change=lambda: None)
