"""A bound on the pixels being decoded at once: a small task's memory is pixels, not messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class PixelBudget:
    """Lets photos pass while the sum of their pixels stays within ``limit``."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_use = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def reserve(self, pixels: int) -> AsyncIterator[None]:
        """Hold ``pixels`` of the budget during the block, waiting for room first.

        A photo larger than the whole budget passes alone, so that none waits for ever.
        """
        share = min(pixels, self._limit)
        async with self._changed:
            await self._changed.wait_for(lambda: self._in_use + share <= self._limit)
            self._in_use += share
        try:
            yield
        finally:
            # Not awaited under the condition's lock: giving back must work in a cancelled task.
            self._in_use -= share
            wake = asyncio.create_task(self._wake())
            await asyncio.shield(wake)

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
