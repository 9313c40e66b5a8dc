"""How much the uploads in flight may hold: bytes in all of this process, and bodies per user.

A user's surplus of small photos waits a little, so that many sent at once all get in. Nothing else
is waited for, because what waits holds memory too.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from services.gateway.problems import Problem

RETRY_AFTER_S = 2
# Bytes that an upload holds besides its image, read or not: the parser's and the sockets' buffers.
OVERHEAD = 512 * 1024
SMALL = 1024 * 1024  # bytes
WAITING_PER_USER = 250


@dataclass(slots=True)
class _Seats:
    """One user's uploads: those that may go on, and how many are here in all."""

    free: asyncio.Semaphore
    present: int = field(default=0)


class UploadBudget:
    """Room for uploads."""

    def __init__(self, *, total: int, per_user: int, wait: float) -> None:
        self._left = total  # bytes
        self._per_user = per_user
        self._wait = wait  # seconds
        self._users: dict[str, _Seats] = {}

    @asynccontextmanager
    async def reserve(self, user_id: str, size: int) -> AsyncIterator[None]:
        """Hold ``size`` bytes while the block runs, as one of the few uploads of this user.

        Raises ``Problem``: 429 ``too_many_uploads`` for this user, 503 ``overloaded`` for all.
        """
        with self._room(OVERHEAD):
            async with self._seat(user_id, wait=self._wait if size <= SMALL else 0):
                with self._room(size):
                    yield

    @contextmanager
    def _room(self, size: int) -> Iterator[None]:
        if size > self._left:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "overloaded",
                "Too many uploads are in flight. Try again in a moment.",
                retry_after=RETRY_AFTER_S,
            )
        self._left -= size
        try:
            yield
        finally:
            self._left += size

    @asynccontextmanager
    async def _seat(self, user_id: str, *, wait: float) -> AsyncIterator[None]:
        seats = self._users.setdefault(user_id, _Seats(asyncio.Semaphore(self._per_user)))
        if seats.present >= self._per_user + (WAITING_PER_USER if wait else 0):
            raise self._too_many()
        seats.present += 1
        try:
            try:
                async with asyncio.timeout(wait):
                    await seats.free.acquire()
            except TimeoutError as error:
                raise self._too_many() from error
            try:
                yield
            finally:
                seats.free.release()
        finally:
            seats.present -= 1
            if not seats.present:
                del self._users[user_id]

    def _too_many(self) -> Problem:
        return Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too_many_uploads",
            f"At most {self._per_user} uploads at the same time.",
            retry_after=RETRY_AFTER_S,
        )
