"""Calls to the gateway off the page's own thread, so that a click never waits for one.

Everything that a call changes is changed by ``collect``, on the thread that draws the page:
nothing that the page shows is shared between threads.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from clients.problems import ApiError, ApiProblem, NotSignedIn, Refused
from services.ui.cadence import Outage

_LOG = logging.getLogger(__name__)

Result = TypeVar("Result")

# The gateway takes 6 calls of one person at once (architecture.md): leave room for another tab.
_AT_ONCE = 4
# Refusals that pass by themselves.
_PASSING = frozenset({"idempotency_in_flight", "too_many_uploads"})


@dataclass(frozen=True)
class _Errand:
    future: Future[Any]
    take: Callable[[Any], None]
    refuse: Callable[[Refused], None]


class Errands:
    """The calls of one session that are out. ``signed_out``: one was refused for its token.

    Each kind of call has pauses of its own: uploads may fail while lists are answered.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.signed_out = False
        self._clock = clock
        self._outages: dict[str, Outage] = {}
        self._out: dict[tuple[str, str], _Errand] = {}
        # Its threads end when nothing refers to it any more, which is when the session ends.
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="errand")

    @property
    def is_any_out(self) -> bool:
        """Some answer is still to come."""
        return bool(self._out)

    @property
    def is_away(self) -> bool:
        """Some kind of call is not answered at the moment."""
        return any(outage.is_on for outage in self._outages.values())

    def due_in(self, kind: str) -> float:
        """Seconds until a call of this kind makes sense."""
        return self._outage(kind).due_in()

    def send(
        self,
        kind: str,
        subject: str,
        call: Callable[[], Result],
        *,
        take: Callable[[Result], None],
        refuse: Callable[[Refused], None],
    ) -> bool:
        """Make a call, whose answer ``collect`` hands to ``take`` or ``refuse``; false if it can't
        be made now.

        Not if the same is out already. While the gateway is away one call of a kind at a time finds
        out whether it is back. A call that was not answered is dropped: the caller sends it again.
        """
        if (kind, subject) in self._out or self.signed_out:
            return False
        outage = self._outage(kind)
        if outage.is_on and (outage.due_in() > 0 or any(other == kind for other, _ in self._out)):
            return False
        self._out[kind, subject] = _Errand(self._pool.submit(call), take, refuse)
        return True

    def collect(self, within: float) -> None:
        """Take in the answers that are there after at most ``within`` seconds."""
        wait([errand.future for errand in self._out.values()], timeout=within)
        for name in [name for name, errand in self._out.items() if errand.future.done()]:
            self._end(self._out.pop(name), self._outage(name[0]))

    def _outage(self, kind: str) -> Outage:
        return self._outages.setdefault(kind, Outage(self._clock))

    def _end(self, errand: _Errand, outage: Outage) -> None:
        try:
            result = errand.future.result()
        except NotSignedIn:
            self.signed_out = True
        except Refused as refused:
            if refused.code in _PASSING:
                outage.begin(asked=refused.retry_after)
            else:
                outage.end()
                errand.refuse(refused)
        except ApiError as error:
            asked = error.retry_after if isinstance(error, ApiProblem) else None
            outage.begin(asked=asked)
        except Exception:  # noqa: BLE001 - whatever happens, the page goes on and tries again
            _LOG.error("errand_failed", exc_info=True)
            outage.begin()
        else:
            outage.end()
            errand.take(result)
