"""What is known of a photo, as plain text: Streamlit's own badges and lists take Markdown."""

from collections.abc import Mapping, Sequence

import streamlit as st

from services.ui.components.revisions import revised
from services.ui.components.sources import source

_facts = st.components.v2.component(
    "plain_facts", css=source("facts.css"), js=source("dom.js", "facts.js")
)


def show_chips(label: str, chips: Sequence[tuple[str, str]], *, key: str) -> None:
    """Short texts, each with a note; ``label`` is what screen readers call them."""
    _draw(label, "chips", chips, key)


def show_list(label: str, facts: Mapping[str, str], *, key: str) -> None:
    """Names with their values; those without a value are left out."""
    _draw(label, "facts", [(name, value) for name, value in facts.items() if value], key)


def _draw(label: str, kind: str, rows: Sequence[tuple[str, str]], key: str) -> None:
    data = {"label": label, kind: [{"text": text, "note": note} for text, note in rows]}
    _facts(data=revised(data, key=key), key=key)
