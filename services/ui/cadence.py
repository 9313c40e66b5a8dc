"""When to ask the gateway again: quickly while things move, less and less while they don't.

A page ticks once a second; most ticks of a quiet batch make no call.
"""

import time
from collections.abc import Callable

# Seconds between calls after 0, 1, 2 … answers without news.
# A little under the page's tick, or a tick that comes a hair early would wait for the next one.
_PAUSES = (0.8, 0.8, 0.8, 0.8, 0.8, 1.8, 1.8, 1.8, 2.8, 4.8)
# Seconds without any news after which asking stops by itself; the person can ask again.
PATIENCE = 15 * 60.0


class Cadence:
    """The pace of one batch's list calls."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quiet = 0
        self._next = clock()
        self._last_news = clock()

    def is_due(self) -> bool:
        """It is time for a call."""
        return self._clock() >= self._next

    def is_exhausted(self) -> bool:
        """Nothing has moved for so long that asking on makes no sense."""
        return self._clock() - self._last_news > PATIENCE

    def record(self, *, news: bool) -> None:
        """An answer came, with or without something new in it."""
        now = self._clock()
        self._quiet = 0 if news else self._quiet + 1
        if news:
            self._last_news = now
        self._next = now + _PAUSES[min(self._quiet, len(_PAUSES) - 1)]

    def restart(self) -> None:
        """Somebody asked for it: quick again, with full patience."""
        self._quiet = 0
        self._next = self._last_news = self._clock()
