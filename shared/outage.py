"""Patience with what does not answer: more after each failure, none after a success."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.errors import DependencyUnavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")


def backoff(tries: int, *, first: float, most: float) -> float:
    """Seconds before try ``tries`` + 1: doubling, capped, with "equal jitter" so that a crowd that
    failed together does not come back together.
    """
    ceiling = min(most, first * 2.0 ** min(tries - 1, 16))
    return ceiling / 2 + random.uniform(0, ceiling / 2)  # noqa: S311  not a secret


class Outage:
    """Whether something is down, as far as tries tell, and when to try again.

    Tries that ran at the same time fail as one.
    """

    def __init__(
        self,
        *,
        first: float = 1.0,  # seconds after the first failure
        most: float = 30.0,  # seconds after any
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first = first
        self._most = most
        self._clock = clock
        self._failures = 0
        self._failed_at = clock()
        self._resumes_at = self._failed_at

    @property
    def is_on(self) -> bool:
        """Whether the latest try failed."""
        return self._failures > 0

    @property
    def remaining(self) -> float:
        """Seconds until the next try is due."""
        return max(0.0, self._resumes_at - self._clock())

    def failed(self, began: float) -> None:
        """A try that ``began`` then, on the same clock, got no answer."""
        if self.is_on and began <= self._failed_at:
            return
        self._failures += 1
        self._failed_at = self._clock()
        pause = backoff(self._failures, first=self._first, most=self._most)
        self._resumes_at = self._failed_at + pause

    def succeeded(self, began: float) -> None:
        """A try that ``began`` then was answered."""
        if began > self._failed_at:
            self._failures = 0
            self._resumes_at = self._failed_at


async def persist(call: Callable[[], Awaitable[T]], *, limit: float) -> T:
    """The result of ``call``, made again while what it needs is down, for ``limit`` seconds.

    Raises ``DependencyUnavailable`` at the end of them.
    """
    outage = Outage()
    until = time.monotonic() + limit
    while True:
        began = time.monotonic()
        try:
            return await call()
        except DependencyUnavailable as error:
            outage.failed(began)
            if time.monotonic() + outage.remaining >= until:
                raise
            logger.warning("tried again", extra={"dependency": error.dependency})
        await asyncio.sleep(outage.remaining)
