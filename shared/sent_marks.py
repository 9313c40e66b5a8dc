"""Notes on records that their hop's message is on its queue, made late and only where needed.

The mark keeps the sweeper from sending once more what waits in a long queue. Most photos have been
taken up long before it would look, and then the mark says nothing: so it is only after some
seconds that we look, at many records in one call, and write to those still waiting. A process that
dies before loses its marks, and the sweeper sends those messages a second time.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from shared.item_store import BATCH_GET_LIMIT, ItemStore
from shared.items import image_key, plain
from shared.record_store import Key, RecordStore
from shared.records import ImageRecord

logger = logging.getLogger(__name__)

DELAY_S = 10.0  # far below LOST_HOP_S, when the sweeper looks
WRITES_AT_ONCE = 8
# What tells whether a hop is waiting. Whole records by the hundred would hold up the event loop.
_LOOKED_AT = ("user_id", "image_id", "job", "status", "sent", "claimed_at", "hop_started_at")


class SentMarks:
    """Marks hops as sent. Use as an asynchronous context manager: its end makes what is left.

    A hop waits between half of ``delay`` and all of it.
    """

    def __init__(self, items: ItemStore, records: RecordStore, *, delay: float = DELAY_S) -> None:
        self._items = items
        self._records = records
        self._delay = delay
        self._young: dict[Key, ImageRecord] = {}  # each as it was when its hop was sent
        self._old: dict[Key, ImageRecord] = {}
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._mark_forever(), name="sent marks")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        if self._task is not None:
            await self._task
        await self.turn()
        await self.turn()

    def add(self, record: ImageRecord) -> None:
        """The message of ``record``'s hop, as the record is, has been sent."""
        key = (record.user_id, record.image_id)
        self._old.pop(key, None)  # an earlier hop of the image
        self._young[key] = record

    async def turn(self) -> None:
        """Mark what was added before the last turn, unless it has moved on. Never raises."""
        due, self._old, self._young = self._old, self._young, {}
        hops = list(due.items())
        for at in range(0, len(hops), BATCH_GET_LIMIT):
            await self._mark(dict(hops[at : at + BATCH_GET_LIMIT]))

    async def _mark(self, hops: dict[Key, ImageRecord]) -> None:
        try:
            items = await self._items.read_many([image_key(*key) for key in hops], only=_LOOKED_AT)
            found = ((hops[now["user_id"], now["image_id"]], now) for now in map(plain, items))
            left = iter([record for record, now in found if _is_waiting(record, now)])
            await asyncio.gather(*(self._write(left) for _ in range(WRITES_AT_ONCE)))
        except Exception as error:  # noqa: BLE001  the boundary of a task that nobody awaits
            # The sweeper sends them once more, and claims keep that harmless.
            logger.warning(
                "not marked as sent", extra={"error": type(error).__name__, "hops": len(hops)}
            )

    async def _write(self, left: Iterator[ImageRecord]) -> None:
        for record in left:
            await self._records.mark_sent(record)

    async def _mark_forever(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._delay / 2):
                    await self._closing.wait()
            await self.turn()


def _is_waiting(record: ImageRecord, now: Mapping[str, Any]) -> bool:
    """Whether the hop of ``record`` is still the one in its item, and nobody has taken it up."""
    claimed_at = now.get("claimed_at")
    is_claimed = claimed_at is not None and claimed_at > now["hop_started_at"]
    is_same = (now["job"], now["status"]) == (record.job, record.status)
    return is_same and not now["sent"] and not is_claimed
