"""A circuit breaker for one provider: after so many failures in a row it is left alone for a while.

Closed, every call is let through. Open, none is, until the cooldown is over. Then, half open,
exactly one trial is: if it succeeds the circuit closes, if it fails the cooldown begins anew.
"""

import time
from collections.abc import Callable

from shared.provider_health import Circuit


class Breaker:
    """The circuit of one provider in one process.

    Every ticket that ``admit`` gives is handed back once, to ``succeeded``, ``failed`` or
    ``let_go``. What began before the circuit opened says nothing about how the provider does now,
    and is not listened to any more.
    """

    def __init__(
        self,
        *,
        failures: int,
        cooldown: float,  # seconds
        clock: Callable[[], float] = time.monotonic,  # seconds
    ) -> None:
        self._most = failures
        self._cooldown = cooldown
        self._clock = clock
        self._failed = 0
        self._open_until: float | None = None
        self._trial_runs = False
        self._openings = 0

    @property
    def state(self) -> Circuit:
        """As an operator sees it; half open as soon as a trial would be let through."""
        if self._open_until is None:
            return "closed"
        return "open" if self._clock() < self._open_until else "half_open"

    def admit(self) -> int | None:
        """A ticket for one call, or ``None`` if none may be made now."""
        if self._open_until is not None:
            if self._trial_runs or self._clock() < self._open_until:
                return None
            self._trial_runs = True
        return self._openings

    def succeeded(self, ticket: int) -> None:
        """The provider did its part, whatever became of the photo."""
        if ticket != self._openings:
            return
        self._failed = 0
        self._open_until = None
        self._trial_runs = False

    def failed(self, ticket: int) -> None:
        """The provider did not do its part."""
        if ticket != self._openings:
            return
        self._failed += 1
        if self._trial_runs or self._failed >= self._most:
            self._open_until = self._clock() + self._cooldown
            self._openings += 1
        self._trial_runs = False

    def let_go(self, ticket: int) -> None:
        """The call ended without telling anything, cut off from our side."""
        if ticket == self._openings:
            self._trial_runs = False
