"""Long answers: how many at a time, how long a client may take, and how one is broken off.

Each holds a connection to S3 or a photo in memory for as long as its reader likes, and uploads
need both, so what is too many is refused.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from aiohttp import hdrs, web

from services.gateway.problems import Problem

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 2
# For one chunk to leave. TCP acknowledges a chunk in seconds on the slowest of phones; beyond a
# minute nobody is reading.
CHUNK_TIMEOUT_S = 60.0
# Answers that take as long as the client asked for, or as what is streamed does: an alarm on slow
# answers leaves them out.
TAKES_ITS_TIME: web.RequestKey[bool] = web.RequestKey("takes_its_time", bool)
CHUNK = 256 * 1024  # bytes handed to the connection at once


class Transfers:
    """Room for transfers of one kind in this process, and of one user."""

    def __init__(self, *, total: int, per_user: int) -> None:
        self._left = total
        self._per_user = per_user
        self._users: Counter[str] = Counter()

    @contextmanager
    def slot(self, user_id: str) -> Iterator[None]:
        """Count a transfer while the block runs.

        Raises ``Problem``: 429 ``too_many_downloads`` for this user, 503 ``overloaded`` for all.
        """
        if self._users[user_id] >= self._per_user:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_downloads",
                f"At most {self._per_user} of these at the same time.",
                retry_after=RETRY_AFTER_S,
            )
        if self._left <= 0:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "overloaded",
                "Too many downloads are running. Try again in a moment.",
                retry_after=RETRY_AFTER_S,
            )
        self._left -= 1
        self._users[user_id] += 1
        try:
            yield
        finally:
            self._left += 1
            self._users[user_id] -= 1
            if not self._users[user_id]:
                del self._users[user_id]


async def send(
    request: web.Request,
    response: web.StreamResponse,
    chunks: AsyncIterable[bytes | memoryview],
    *,
    chunk_timeout: float = CHUNK_TIMEOUT_S,
) -> web.StreamResponse:
    """Answer with ``response`` and ``chunks``, as fast as the client takes them.

    What fails once the answer has begun breaks the connection, so that the client sees a broken
    transfer and never a short one that looks whole. A client that went away ends it quietly.
    """
    request[TAKES_ITS_TIME] = True
    await response.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return response
    try:
        async for chunk in chunks:
            async with asyncio.timeout(chunk_timeout):
                await response.write(chunk)
        await response.write_eof()
    except (ConnectionError, TimeoutError):
        _break_off(request)
    except Exception as error:  # the answer has begun: there is no other way to tell
        logger.exception("transfer broken off", extra={"error": type(error).__name__})
        _break_off(request)
    except BaseException:
        _break_off(request)
        raise
    return response


def attachment(name: str) -> str:
    """A ``Content-Disposition`` (RFC 6266). ``name`` is ours: letters, digits, ``.`` and ``-``."""
    return f'attachment; filename="{name}"'


def _break_off(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
