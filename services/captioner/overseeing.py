"""What operators hold a chain to: providers that are switched off, and the day's budget.

Read from the table every few seconds, so that both work without a deploy. While the table does
not answer, what was read last stands.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from services.captioner.background import Background
from shared.errors import DependencyUnavailable
from shared.item_store import ItemStore
from shared.provider_switches import switched_off
from shared.upgrades import LOCAL_PROVIDER
from shared.usage import usage_of

logger = logging.getLogger(__name__)

INTERVAL_S = 10.0
FREE = frozenset({LOCAL_PROVIDER})  # costs nothing but our own time


class Oversight(Background):
    """Says who may not be asked. Use as an asynchronous context manager.

    ``budget`` is in US dollars a day (UTC), for all captioners together; ``None`` has no end. What
    the others spent is known some seconds later, so that a day may cost a little more than it says.
    """

    def __init__(
        self,
        items: ItemStore,
        *,
        budget: float | None,
        interval: float = INTERVAL_S,  # seconds
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._items = items
        self._budget = budget
        self._interval = interval
        self._clock = clock
        self._off: frozenset[str] = frozenset()
        self._is_spent = budget == 0

    async def __aenter__(self) -> Self:
        await self._look()
        return await super().__aenter__()

    def held(self, provider: str) -> str | None:
        """Why ``provider`` may not be asked just now; ``None`` if it may."""
        if provider in self._off:
            return "switched_off"
        if self._is_spent and provider not in FREE:
            return "over_budget"
        return None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            await self._look()

    async def _look(self) -> None:
        try:
            self._note_switches(await switched_off(self._items))
            if self._budget is not None:
                self._note_spending(await self._spent_today(), self._budget)
        except (DependencyUnavailable, BotoCoreError, ClientError) as error:
            logger.warning("oversight not renewed", extra={"error": type(error).__name__})

    async def _spent_today(self) -> float:
        usage = await usage_of(self._items, datetime.fromtimestamp(self._clock(), UTC).date())
        return sum(usage.costs.values())

    def _note_switches(self, off: frozenset[str]) -> None:
        if off != self._off:
            logger.warning("providers switched", extra={"off": sorted(off)})
        self._off = off

    def _note_spending(self, spent: float, budget: float) -> None:
        is_spent = spent >= budget
        if is_spent and not self._is_spent:
            # An alarm hangs on this line: see the runbook.
            logger.error("daily budget spent", extra={"usd": round(spent, 4), "budget_usd": budget})
        self._is_spent = is_spent
