"""The texts of a photo, to be copied and edited in place; what is typed is kept in the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import streamlit as st

from services.ui.components.revisions import revised
from services.ui.components.sources import source

SCRIPTS = (
    "dom.js",
    "storage.js",
    "texts_advice.js",
    "texts_drafts.js",
    "texts_drawing.js",
    "texts.js",
)

_texts = st.components.v2.component("photo_texts", css=source("texts.css"), js=source(*SCRIPTS))
_WISHES = "wishes"


@dataclass(frozen=True)
class Text:
    """One text; ``max`` are the characters that can be saved."""

    id: str
    label: str
    text: str
    max: int
    may_be_empty: bool = False


@dataclass(frozen=True)
class Wish:
    """A text that the person wants saved in place of ``base``, which stood there before.

    ``number`` grows with each wish for the same text.
    """

    text: str
    base: str
    number: int


@dataclass(frozen=True)
class Outcome:
    """What came of the wish with this number. ``sentence`` says why it was refused."""

    number: int
    kind: Literal["saved", "changed", "refused"]
    sentence: str = ""


@dataclass(frozen=True)
class Texts:
    """What is drawn; field names are those of ``texts.js``.

    ``owner`` and ``image`` name the drafts in the browser's storage, ``language`` is a BCP 47 tag;
    ``note`` is what to know before the texts are used, ``foot`` what became of them.
    """

    owner: str
    image: str
    language: str
    texts: Sequence[Text]
    outcomes: Mapping[str, Outcome]
    note: str = ""
    foot: str = ""


def wishes(key: str) -> dict[str, Wish]:
    """The latest wish for each text by its id, as the browser last told; acted upon or not."""
    state = st.session_state.get(key)
    told = state.get(_WISHES) if isinstance(state, Mapping) else None
    if not isinstance(told, Mapping):
        return {}
    return {str(name): wish for name, said in told.items() if (wish := _wish(said)) is not None}


def show(texts: Texts, *, key: str) -> None:
    """Draw them; ``wishes`` of the same key tells what is to be saved."""
    _texts(data=revised(asdict(texts), key=key), key=key, on_wishes_change=lambda: None)


def _wish(said: Any) -> Wish | None:
    """A browser's word, so it may be anything."""
    if not isinstance(said, Mapping):
        return None
    text, base, number = said.get("text"), said.get("base"), said.get("number")
    if isinstance(text, str) and isinstance(base, str) and isinstance(number, int | float):
        return Wish(text, base, int(number))
    return None
