"""``?wait=``: one task polls for everybody who waits, a hundred records a call.

A wait ends when the record is past the version its client knows, when its status is terminal, at
its time limit, or at once when the process stops.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from shared.errors import DependencyUnavailable
from shared.item_store import BATCH_GET_LIMIT
from shared.records import ImageRecord

logger = logging.getLogger(__name__)

LONGEST_S = 20  # the contract's limit, and SQS's own for a long poll
# When a record is looked at, in seconds after its wait began; the look at 0 is the handler's. Most
# photos are done in five seconds, so the pace slows; a last look comes at the wait's own end.
SCHEDULE_S = (1.0, 2.0, 3.5, 5.5, 8.0, 11.0, 15.0)
COALESCE_S = 0.05  # looks due this soon are taken along
_GRACE_S = 1.0  # for the last look, beyond which the wait ends without it

Key = tuple[str, str]  # user id, image id


class Records(Protocol):
    """Where many records are read at once; see ``RecordStore.get_many``."""

    async def get_many(self, ids: list[Key]) -> dict[Key, ImageRecord]:
        """Those of ``ids`` that were found."""
        ...


@dataclass(slots=True, eq=False)
class _Waiter:
    key: Key
    known: int | None
    due: float | None  # the loop's time, as in `later`; `None` after the last look
    later: Iterator[float]
    ended: "asyncio.Future[ImageRecord | None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def end(self, record: ImageRecord | None) -> None:
        if not self.ended.done():
            self.ended.set_result(record)


class Poller:
    """Watches records for those who wait. Use as an asynchronous context manager."""

    def __init__(self, records: Records, *, schedule: Sequence[float] = SCHEDULE_S) -> None:
        self._records = records
        self._schedule = schedule  # seconds
        self._waiters: set[_Waiter] = set()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._poll_forever(), name="poller")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def release(self) -> None:
        """End every wait now, and those to come at once."""
        self._stopping = True
        for waiter in self._waiters:
            waiter.end(None)

    async def wait(
        self, record: ImageRecord, *, known: int | None, limit: float
    ) -> ImageRecord | None:
        """Wait up to ``limit`` seconds for ``record`` to be newer than version ``known``, or
        terminal; with ``known`` ``None`` for the latter only. The record then, or else as it is at
        the end; ``None`` if that is not known: it may be gone, or DynamoDB does not answer.
        """
        if is_news(record, known):
            return record
        if self._stopping or limit <= 0:
            return None
        began = asyncio.get_running_loop().time()
        looks = [*(look for look in self._schedule if look < limit), limit]
        waiter = _Waiter(
            (record.user_id, record.image_id),
            known,
            due=began + looks[0],
            later=iter([began + look for look in looks[1:]]),
        )
        self._waiters.add(waiter)
        self._arrived.set()
        try:
            async with asyncio.timeout(limit + _GRACE_S):
                return await waiter.ended
        except TimeoutError:
            return None
        finally:
            self._waiters.discard(waiter)

    async def _poll_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._arrived.clear()
            dues = [waiter.due for waiter in self._waiters if waiter.due is not None]
            pause = max(0.0, min(dues) - loop.time()) if dues else None
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._arrived.wait()
            horizon = loop.time() + COALESCE_S
            due = [w for w in self._waiters if w.due is not None and w.due <= horizon]
            if due:
                await self._look(due)

    async def _look(self, waiters: list[_Waiter]) -> None:
        keys = list({waiter.key for waiter in waiters})
        found: dict[Key, ImageRecord] = {}
        slices = [keys[at : at + BATCH_GET_LIMIT] for at in range(0, len(keys), BATCH_GET_LIMIT)]
        for records in await asyncio.gather(*map(self._read, slices)):
            found |= records
        for waiter in waiters:
            record = found.get(waiter.key)
            waiter.due = next(waiter.later, None)
            is_over = waiter.due is None
            if is_over or (record is not None and is_news(record, waiter.known)):
                waiter.end(record)

    async def _read(self, keys: list[Key]) -> dict[Key, ImageRecord]:
        try:
            async with asyncio.timeout(_GRACE_S):
                return await self._records.get_many(keys)
        except (DependencyUnavailable, TimeoutError):
            return {}  # the next look may have more luck, and the wait has an end
        except Exception:  # one look that fails must not end everybody's waiting
            logger.exception("poll failed")
            return {}


def is_news(record: ImageRecord, known: int | None) -> bool:
    """Whether a client that knows version ``known`` should hear of ``record`` now."""
    return record.status.is_terminal or (known is not None and record.version > known)
