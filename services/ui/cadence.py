"""When to ask the gateway again: quickly while things move, less and less while they don't, and
with growing pauses while it does not answer at all.
"""

import time
from collections.abc import Callable

# Seconds between calls after 0, 1, 2 … answers without news.
_PAUSES = (0.8, 0.8, 0.8, 0.8, 0.8, 1.8, 1.8, 1.8, 2.8, 4.8)
# Seconds more for each photo under way: many photos bring news with nearly every answer, and 50 of
# them must stay well under six calls a photo.
_PER_PHOTO = 0.015
# Seconds without any news after which asking stops by itself; the person can ask again.
PATIENCE = 15 * 60.0


class Cadence:
    """The pace of one batch's list calls."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quiet = 0
        self._next = clock()
        self._last_news = clock()

    def due_in(self) -> float:
        """Seconds until the next call."""
        return max(0.0, self._next - self._clock())

    def is_due(self) -> bool:
        """It is time for a call."""
        return self.due_in() == 0

    def is_exhausted(self) -> bool:
        """Nothing has moved for so long that asking on makes no sense."""
        return self._clock() - self._last_news > PATIENCE

    def record(self, *, news: bool, under_way: int = 0) -> None:
        """An answer came, with or without something new in it."""
        now = self._clock()
        self._quiet = 0 if news else self._quiet + 1
        if news:
            self._last_news = now
        pause = _PAUSES[min(self._quiet, len(_PAUSES) - 1)]
        self._next = now + pause + _PER_PHOTO * under_way

    def restart(self) -> None:
        """Somebody asked for it, or there is more to see: quick again, with full patience."""
        self._quiet = 0
        self._next = self._last_news = self._clock()


class Outage:
    """Whether the gateway answers, and when to try again if it does not."""

    _FIRST = 1.0  # seconds, doubling
    _LONGEST = 8.0  # seconds

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pause = self._FIRST
        self._next = 0.0
        self.is_on = False

    def due_in(self) -> float:
        """Seconds until a call makes sense."""
        return max(0.0, self._next - self._clock()) if self.is_on else 0.0

    def begin(self, *, asked: float | None = None) -> None:
        """A call came to nothing; ``asked`` are the seconds that the gateway wants to be left."""
        self._next = self._clock() + min(asked or self._pause, self._LONGEST)
        self._pause = min(2 * self._pause, self._LONGEST)
        self.is_on = True

    def end(self) -> None:
        """A call was answered."""
        self._pause = self._FIRST
        self.is_on = False
