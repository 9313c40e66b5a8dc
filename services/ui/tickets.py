"""Names for files that wait to be fetched: each is good once and for a while, and can't be guessed.

They are held in this process only. Every file is closed in the end, whether it was fetched or not.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

# Fetched at once as a rule; beyond these the longest waiting are let go.
MOST = 200


class File(Protocol):
    """Something to be sent: read once in ``pieces``, closed whatever happens.

    ``name`` is what the browser calls it, ``size`` its bytes where they are known.
    """

    @property
    def name(self) -> str:
        """Shown to the person."""

    @property
    def content_type(self) -> str:
        """A media type."""

    @property
    def size(self) -> int | None:
        """Bytes."""

    def pieces(self) -> Iterator[bytes]:
        """The content; may block, so it is for threads."""

    def close(self) -> None:
        """Give back what it holds; asked twice, the same."""


@dataclass(frozen=True)
class _Waiting:
    file: File
    until: float  # by the clock of ``Tickets``


class Tickets:
    """What waits. Safe to use from several threads."""

    def __init__(self, *, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._timer: threading.Timer | None = None

    def issue(self, file: File, *, lifetime: float) -> str:
        """A name for ``file``, which is ours from now on; ``lifetime`` in seconds."""
        name = secrets.token_urlsafe(32)
        with self._lock:
            self._waiting[name] = _Waiting(file, self._clock() + lifetime)
            dropped = self._take_ended()
            while len(self._waiting) > self._most:
                dropped.append(self._waiting.pop(next(iter(self._waiting))).file)
            self._wake_up_later()
        _close(dropped)
        return name

    def redeem(self, name: str) -> File | None:
        """The file, now the caller's to close; ``None`` if it is gone or never was."""
        with self._lock:
            dropped = self._take_ended()
            found = self._waiting.pop(name, None)
        _close(dropped)
        return None if found is None else found.file

    def sweep(self) -> None:
        """Close what nobody fetched in time."""
        with self._lock:
            dropped = self._take_ended()
            self._wake_up_later()
        _close(dropped)

    def _take_ended(self) -> list[File]:
        now = self._clock()
        ended = [name for name, waiting in self._waiting.items() if waiting.until <= now]
        return [self._waiting.pop(name).file for name in ended]

    def _wake_up_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            first = min(waiting.until for waiting in self._waiting.values())
            self._timer = threading.Timer(max(0.0, first - self._clock()), self.sweep)
            self._timer.daemon = True
            self._timer.start()


def _close(files: list[File]) -> None:
    for file in files:
        file.close()
