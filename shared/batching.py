"""Gathers what comes within a few milliseconds into one call: SQS bills and times calls."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")

SQS_BATCH_MAX = 10  # entries SQS takes in one call


class Batching(Generic[T]):
    """Hands batches of at most ``SQS_BATCH_MAX`` items to ``handle``, several at a time.

    Use as an asynchronous context manager: the end of the block waits until all that was added
    is handled. ``handle`` must not raise, since nobody would hear of it.
    """

    def __init__(
        self,
        handle: Callable[[list[T]], Awaitable[None]],
        *,
        linger: float,  # seconds that the first item of a batch waits for company
        name: str,
    ) -> None:
        self._handle = handle
        self._linger = linger
        self._name = name
        self._pending: asyncio.Queue[T | None] = asyncio.Queue()
        self._gatherer: asyncio.Task[None] | None = None
        self._handling: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._gatherer = asyncio.create_task(self._gather_forever(), name=self._name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._gatherer is not None:
            self._pending.put_nowait(None)
            await self._gatherer
        await asyncio.gather(*self._handling)

    def add(self, item: T) -> None:
        """Put ``item`` into the next batch."""
        self._pending.put_nowait(item)

    async def _gather_forever(self) -> None:
        closed = False
        while not closed:
            first = await self._pending.get()
            if first is None:
                return
            batch = [first]
            closed = await self._fill(batch)
            task = asyncio.create_task(self._run(batch))
            self._handling.add(task)
            task.add_done_callback(self._handling.discard)

    async def _fill(self, batch: list[T]) -> bool:
        """Add what comes while the batch lingers; whether the end of the block has come."""
        try:
            async with asyncio.timeout(self._linger):
                while len(batch) < SQS_BATCH_MAX:
                    item = await self._pending.get()
                    if item is None:
                        return True
                    batch.append(item)
        except TimeoutError:
            pass
        return False

    async def _run(self, batch: list[T]) -> None:
        await self._handle(batch)
