"""What the Operations page knows, and when it asks again.

Calls run beside each other on threads; the page waits for them a moment and no longer, and what
is not there by then is taken the next time. What was once told stays until something newer is.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from clients.admin import AdminApi
from clients.admin_resources import (
    DeadLetters,
    Providers,
    Queue,
    QueueHistory,
    QueuePoint,
    Queues,
    Usage,
)
from clients.problems import NotSignedIn, Refused, Unavailable, Unreachable
from services.ui import sign_in

HISTORY_HOURS = 6
LETTERS_SHOWN = 50
# All seconds.
_WAIT = 1.5  # that a look may hold the page
_ACTION_WAIT = 10.0  # that something asked for with a button may
_SOON = 1.5  # until the next look while answers are on their way
# Between looks after 0, 1, 2 … of them that brought nothing new, and while nobody answers.
_PAUSES = (10.0, 10.0, 10.0, 15.0, 20.0, 30.0)
_PAUSES_AWAY = (5.0, 10.0, 20.0, 40.0, 60.0)
# How old an answer may be: the history has a point a minute, a day's usage moves slowly.
_FRESH = {"queues": 9.0, "providers": 9.0, "history": 55.0, "usage": 28.0}
_FRESH_LETTERS = 300.0  # each look at a letter counts as a try at it


@dataclass(frozen=True)
class Notice:
    """How something asked for ended."""

    text: str
    is_good: bool


@dataclass
class _Known:
    """The last answer of one call; ``at`` is when it came, ``about`` what it was asked for."""

    value: Any = None
    at: float = float("-inf")
    about: int = 0


class Watch:
    """One session's view of the pipeline."""

    def __init__(self, api: AdminApi, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=6, thread_name_prefix="operations")
        self._known: dict[str, _Known] = {}
        self._pending: dict[str, tuple[Future[Any], int]] = {}
        self._next = clock()
        self._quiet = 0
        self._failures = 0
        self._signed_out = False
        self.forbidden = False
        self.as_of: datetime | None = None
        self.notices: dict[str, Notice] = {}

    @property
    def away(self) -> bool:
        """The last look found nobody who could answer."""
        return self._failures > 0

    @property
    def is_waiting(self) -> bool:
        """Answers are on their way."""
        return bool(self._pending)

    @property
    def queues(self) -> list[Queue] | None:
        """The queues, if they were ever told."""
        known: Queues | None = self._value("queues")
        return None if known is None else known.queues

    @property
    def history(self) -> list[QueuePoint] | None:
        """The last hours of the queues."""
        known: QueueHistory | None = self._value("history")
        return None if known is None else known.points

    @property
    def providers(self) -> Providers | None:
        """The providers."""
        known: Providers | None = self._value("providers")
        return known

    @property
    def usage(self) -> Usage | None:
        """The days; they may be more or fewer than were last asked for."""
        known: Usage | None = self._value("usage")
        return known

    def letters(self, queue: str) -> DeadLetters | None:
        """Dead letters of a queue that has some."""
        known: DeadLetters | None = self._value(f"letters-{queue}")
        return known

    def look(self, *, days: int) -> None:
        """Ask what is due, for the last ``days`` of usage. Raises ``NotSignedIn``."""
        if self._signed_out:
            raise sign_in.refusal()
        if self._clock() >= self._next or self._wants_more(days):
            self._begin(self._calls(days))
        if self.is_waiting:
            self._take()
            if not self.away:
                self._begin(self._letter_calls())

    def pause(self) -> float:
        """Seconds until it is worth looking again."""
        if self.is_waiting:
            return _SOON
        return max(_SOON, self._next - self._clock())

    def act(self, action: Callable[[], str], *, about: str, renews: str = "") -> None:
        """Do something somebody asked for, and note under ``about`` how that ended.

        ``renews`` starts the names of what is out of date then.
        """
        try:
            text = self._pool.submit(action).result(timeout=_ACTION_WAIT)
        except NotSignedIn:
            self._signed_out = True
        except Refused as refused:
            self.notices[about] = Notice(_refusal(refused), is_good=False)
        except (Unreachable, Unavailable, TimeoutError):
            self.notices[about] = Notice(
                "The service did not answer. See below whether it was done, or try again.",
                is_good=False,
            )
        else:
            self.notices[about] = Notice(text, is_good=True)
        self.renew(renews)

    def renew(self, prefix: str) -> None:
        """Take nothing for fresh whose name starts like this, and look at once."""
        for name, known in self._known.items():
            if name.startswith(prefix):
                known.at = float("-inf")
        self._quiet = 0
        self._next = self._clock()

    def _value(self, name: str) -> Any:
        known = self._known.get(name)
        return None if known is None else known.value

    def _wants_more(self, days: int) -> bool:
        usage = self.usage
        return usage is not None and not self.away and self._known["usage"].about < days

    def _calls(self, days: int) -> dict[str, tuple[Callable[[], Any], int]]:
        api = self._api
        calls: dict[str, tuple[Callable[[], Any], int]] = {
            "queues": (api.queues, 0),
            "providers": (api.providers, 0),
            "history": (lambda: api.queue_history(hours=HISTORY_HOURS), 0),
            "usage": (lambda: api.usage(days=days), days),
        }
        return {
            name: call
            for name, call in calls.items()
            if not self._is_fresh(name, _FRESH[name], at_least=call[1])
        }

    def _letter_calls(self) -> dict[str, tuple[Callable[[], Any], int]]:
        def reading(queue: str) -> Callable[[], Any]:
            return lambda: self._api.dead_letters(queue, limit=LETTERS_SHOWN)

        return {
            f"letters-{queue.name}": (reading(queue.name), queue.dead_letters)
            for queue in self.queues or []
            if queue.dead_letters and not self._are_read(queue)
        }

    def _are_read(self, queue: Queue) -> bool:
        name = f"letters-{queue.name}"
        known = self._known.get(name)
        return (
            known is not None
            and known.about == queue.dead_letters
            and self._is_fresh(name, _FRESH_LETTERS)
        )

    def _is_fresh(self, name: str, fresh: float, *, at_least: int = 0) -> bool:
        known = self._known.get(name)
        return known is not None and self._clock() - known.at < fresh and known.about >= at_least

    def _begin(self, calls: dict[str, tuple[Callable[[], Any], int]]) -> None:
        if self.forbidden:
            return
        for name, (call, about) in calls.items():
            if name not in self._pending:
                self._pending[name] = (self._pool.submit(call), about)

    def _take(self) -> None:
        wait_for([future for future, _ in self._pending.values()], timeout=_WAIT)
        done = {name: task for name, task in self._pending.items() if task[0].done()}
        if not done:
            return
        news, failed = False, False
        for name, (future, about) in done.items():
            del self._pending[name]
            try:
                news = self._keep(name, future.result(), about) or news
            except (Unreachable, Unavailable):
                failed = True
            except NotSignedIn:
                self._signed_out = True
                raise
            except Refused as refused:
                self._refused(name, refused, about)
        self._plan(news=news, failed=failed)

    def _keep(self, name: str, value: Any, about: int) -> bool:
        news = bool(self._value(name) != value)
        self._known[name] = _Known(value, self._clock(), about)
        self.forbidden = False
        return news

    def _refused(self, name: str, refused: Refused, about: int) -> None:
        self.forbidden = self.forbidden or refused.status == HTTPStatus.FORBIDDEN
        # What this gateway does not know, or does not let us ask so often, is not asked at once.
        self._known[name] = _Known(self._value(name), self._clock(), about)

    def _plan(self, *, news: bool, failed: bool) -> None:
        self._failures = self._failures + 1 if failed else 0
        self._quiet = 0 if news else self._quiet + 1
        pauses, count = (_PAUSES_AWAY, self._failures - 1) if failed else (_PAUSES, self._quiet)
        self._next = self._clock() + pauses[min(count, len(pauses) - 1)]
        if not failed:
            self.as_of = datetime.now(UTC)


def _refusal(refused: Refused) -> str:
    match refused.status:
        case HTTPStatus.FORBIDDEN:
            return "This was not done: it takes somebody of the group of administrators."
        case HTTPStatus.NOT_FOUND:
            return "This was not done: it is no longer there."
        case HTTPStatus.TOO_MANY_REQUESTS:
            return "This was not done: you asked too often. Try again in a minute."
        case _:
            return "This was not done: the service did not accept it. Reload the page, try again."
