"""The interface of every benchmark: one file in ``rows`` with one ``ROW``."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.figures import Result


@dataclass(frozen=True)
class Row:
    """One line of the table. ``measure`` runs project and peers side by side."""

    name: str
    title: str
    reach: str
    against: str
    measure: Callable[[], Result]
