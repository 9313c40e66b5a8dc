"""Do the services that the gateway depends on answer?"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

logger = logging.getLogger(__name__)

DEADLINE_S = 2.0  # for each check
KEPT_S = 1.0  # a load balancer's and a supervisor's probes share one answer

Check = Callable[[], Awaitable[object]]


class Readiness:
    """Runs named checks side by side; a check passes unless it raises or is too slow."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        clock: Callable[[], float] = time.monotonic,  # seconds
    ) -> None:
        self._checks = checks
        self._clock = clock
        self._results: dict[str, bool] = {}
        self._until = -float("inf")
        self._checking = asyncio.Lock()

    async def results(self) -> dict[str, bool]:
        """Whether each dependency answers, as of a second ago at most."""
        async with self._checking:
            if self._clock() >= self._until:
                passed = await asyncio.gather(*map(self._passes, self._checks))
                self._results = dict(zip(self._checks, passed, strict=True))
                self._until = self._clock() + KEPT_S
            return self._results

    async def _passes(self, name: str) -> bool:
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._checks[name]()
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, it does not answer
            logger.warning("not ready", extra={"dependency": name, "error": type(error).__name__})
            return False
        return True
