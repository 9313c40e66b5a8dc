"""A table of plain text: what a chart shows in words and numbers, or a list of things.

Streamlit's own tables take cells for Markdown, or are drawn as one picture.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from services.ui.components.revisions import revised
from services.ui.components.sources import source

_table = st.components.v2.component(
    "plain_table", css=source("table.css"), js=source("dom.js", "table.js")
)


@dataclass(frozen=True)
class Column:
    """A column; the first one of a table says what each row is about."""

    label: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """What is drawn; field names are those of ``table.js``.

    ``title`` is what screen readers call it. With ``folded`` it opens under a line that says so.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    folded: str = ""


def show(table: Table, *, key: str) -> None:
    """Draw it; the same key updates in place and stays open."""
    _table(data=revised(asdict(table), key=key), key=key)
