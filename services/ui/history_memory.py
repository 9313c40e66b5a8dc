"""What the history keeps for one person while their session lasts: the ticked photos, the way back
to newer pages, and work under way. The place itself is in the address: see ``look``.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import streamlit as st

from clients.resources import Image
from services.ui.components.photo_grid import Place
from services.ui.deleting import Deletion
from services.ui.selection import Selection
from services.ui.selection_export import Export
from services.ui.sign_in import Person
from services.ui.times import when

_MEMORY = "history_memory"
_BATCHES_MAX = 50  # of those seen, the newest can be chosen from


@dataclass(frozen=True)
class Batch:
    """Photos added together, as first seen. ``name`` never changes: it is what the browser sends
    back when it is chosen.
    """

    name: str
    since: str


@dataclass(eq=False)
class Memory:
    """``newer`` leads from a page's cursor to that of the page before it; the newest is "".

    ``opened`` is the photo just clicked, ``place`` where the reader was then. ``condemned`` waits
    for a confirmation. ``deletion``, ``export`` and ``objection`` are what came of the last thing
    asked for. ``is_busy``: it is still under way, as far as this run knows.
    """

    owner: str
    selection: Selection = field(default_factory=Selection)
    newer: dict[str, str] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    opened: str | None = None
    place: Place | None = None
    condemned: tuple[str, ...] = ()
    deletion: Deletion | None = None
    export: Export | None = None
    export_url: str | None = None
    objection: str | None = None
    is_busy: bool = False

    def see(self, photos: Iterable[Image]) -> None:
        """Take note of what is on the page."""
        photos = list(photos)
        self.selection.learn(photos)
        for photo in photos:
            if photo.batch is not None and photo.batch not in self.batches:
                self.batches[photo.batch] = self._named(photo.created_at)
        newest = sorted(self.batches.items(), key=lambda item: item[1].since, reverse=True)
        self.batches = dict(newest[:_BATCHES_MAX])

    def _named(self, since: str) -> Batch:
        """A name by the minute; further ones of the same are numbered."""
        taken = {batch.name for batch in self.batches.values()}
        plain = when(since)
        numbered = (plain if n == 1 else f"{plain} ({n})" for n in itertools.count(1))
        return Batch(next(name for name in numbered if name not in taken), since)


def of(person: Person) -> Memory:
    """The memory of ``person``; nobody gets to see somebody else's."""
    memory = st.session_state.get(_MEMORY)
    if not isinstance(memory, Memory) or memory.owner != person.tag:
        memory = st.session_state[_MEMORY] = Memory(person.tag)
    return memory
