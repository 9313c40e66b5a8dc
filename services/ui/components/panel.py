"""One thing that is watched: a queue, a provider, a day, in a few figures and words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import streamlit as st

from services.ui.components.revisions import revised
from services.ui.components.sources import source

# Each has a sign of its own, so that no colour has to be told from another.
Tone = Literal["good", "warn", "bad", "note", "off"]

_panel = st.components.v2.component(
    "panel", css=source("panel.css"), js=source("dom.js", "panel.js")
)


@dataclass(frozen=True)
class Said:
    """A few words, and how good the news is."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Figure:
    """A number under its name. ``tone`` colours it; a note or state must say why."""

    label: str
    value: str
    tone: Tone | Literal[""] = ""


@dataclass(frozen=True)
class Panel:
    """What is drawn; field names are those of ``panel.js``. ``label`` is for screen readers."""

    label: str
    figures: Sequence[Figure]
    title: str = ""
    subtitle: str = ""
    state: Said | None = None
    notes: Sequence[Said] = ()


def show(panel: Panel, *, key: str) -> None:
    """Draw it; the same key updates in place."""
    _panel(data=revised(asdict(panel), key=key), key=key)
