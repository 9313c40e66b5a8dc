"""What the history page is asked to show. It is kept in the page's address, and nowhere else, so
that a reload, the browser's way back and a kept link all show the same."""

import re
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import urlencode

import streamlit as st

QUERY_MAX = 200  # characters, as the gateway has it
_BATCH = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)  # as the gateway has it


class Wanted(Enum):
    """Photos of which state; the value is what the address says."""

    ALL = ""
    DONE = "done"
    WORKING = "working"
    FAILED = "failed"


@dataclass(frozen=True)
class Look:
    """A place in the history: a search, filters, and the page's cursor (empty: the newest)."""

    q: str = ""
    wanted: Wanted = Wanted.ALL
    batch: str = ""
    cursor: str = ""

    @property
    def is_filtered(self) -> bool:
        """Less than everything is asked for."""
        return bool(self.q or self.wanted is not Wanted.ALL or self.batch)

    def newest(self) -> "Look":
        """The first page of the same."""
        return replace(self, cursor="")

    def parameters(self) -> dict[str, str]:
        """The address's part of it, without what is empty."""
        found = {
            "q": self.q,
            "status": self.wanted.value,
            "batch": self.batch,
            "cursor": self.cursor,
        }
        return {name: value for name, value in found.items() if value}

    def address(self) -> str:
        """The same as a link has it after its question mark."""
        return urlencode(self.parameters())


def current() -> Look:
    """What the address asks for; what it can't mean is left out."""
    said = st.query_params
    batch = said.get("batch", "")
    states = {wanted.value: wanted for wanted in Wanted}
    return Look(
        q=said.get("q", "").strip()[:QUERY_MAX],
        wanted=states.get(said.get("status", ""), Wanted.ALL),
        batch=batch if is_batch(batch) else "",
        cursor=said.get("cursor", ""),
    )


def is_batch(name: str) -> bool:
    """It is the name of a batch, or empty."""
    return not name or _BATCH.fullmatch(name) is not None


def go(look: Look, **more: str) -> None:
    """Write it into the address, as one step of the browser's history."""
    st.query_params.from_dict({**look.parameters(), **more})
