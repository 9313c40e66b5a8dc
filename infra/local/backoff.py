"""How long to wait before a process that died is started again."""

from collections.abc import Callable

_FIRST = 1.0  # seconds
_LONGEST = 30.0
_HEALTHY = 60.0  # after so long in good health, an accident is the first again


class Backoff:
    """Pauses of 1, 2, 4 … 30 seconds, from the beginning after a minute of health.

    With ``always`` (seconds) each is that long, for whoever kills processes on purpose.
    """

    def __init__(self, clock: Callable[[], float], *, always: float | None = None) -> None:
        self._clock = clock
        self._always = always
        self._next = _FIRST
        self._ready_at: float | None = None

    def ready(self) -> None:
        """The process can work from now on."""
        self._ready_at = self._clock()

    @property
    def was_ready(self) -> bool:
        """Whether the process could work at any time since the last ``pause``."""
        return self._ready_at is not None

    def pause(self) -> float:
        """The process died: seconds to wait before the next attempt."""
        if self._ready_at is not None and self._clock() - self._ready_at >= _HEALTHY:
            self._next = _FIRST
        self._ready_at = None
        if self._always is not None:
            return self._always
        pause, self._next = self._next, min(2 * self._next, _LONGEST)
        return pause
