"""Token buckets in memory, one for each caller, of which a bounded number is remembered."""

import time
from collections import OrderedDict
from collections.abc import Callable

CALLERS = 10_000  # remembered at a time; about 2 MB


class Pacer:
    """Lets each caller do ``per_minute`` things a minute, and ``burst`` seconds' worth at once.

    One number per caller, as in ``shared.controls``: when its bucket will be full again. The
    caller that was not seen for the longest time is forgotten first, as if its bucket were full.
    """

    def __init__(
        self,
        *,
        per_minute: int,
        burst: float,  # seconds
        callers: int = CALLERS,
        clock: Callable[[], float] = time.monotonic,  # seconds
    ) -> None:
        self._interval = 60 / per_minute
        # Less than one thing at a time would be nothing ever.
        self._burst = max(burst, self._interval)
        self._callers = callers
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def wait_for(self, caller: str) -> float:
        """0 if ``caller`` may go ahead, which is counted; else the seconds until it may."""
        now = self._clock()
        full_at = max(now, self._full_at.get(caller, now)) + self._interval
        wait = full_at - now - self._burst
        # Sums of floats: a caller that comes when it was told to must not be a rounding too early.
        if wait > 1e-6:
            return wait
        self._full_at[caller] = full_at
        self._full_at.move_to_end(caller)
        if len(self._full_at) > self._callers:
            self._full_at.popitem(last=False)
        return 0.0
