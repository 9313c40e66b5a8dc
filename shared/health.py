"""A worker's small health server: is the process up, and can it work?

It runs on the worker's own event loop. A loop that is blocked answers nothing at all: whoever asks
must take a missing answer for a failure, with a timeout of a few seconds. A loop that was blocked
for long and turns again says so for a while.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from aiohttp import web

# Loopback only: the container's own health check asks, nobody else.
HOST = "127.0.0.1"
LAG_LIMIT_S = 5.0  # as long as whoever asks should wait for an answer
LAG_KEPT_S = 15.0  # so that a check every ten seconds meets each block of the loop once or twice
_TICK_S = 0.25

Report = Mapping[str, float | int | bool]


def _nothing_to_add() -> Report:
    return {}


class LoopLag:
    """How late the event loop runs what is due; a lag from ``limit`` on counts for ``kept``."""

    def __init__(
        self,
        *,
        limit: float = LAG_LIMIT_S,
        kept: float = LAG_KEPT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = limit
        self._kept = kept
        self._clock = clock
        self._due = clock() + _TICK_S
        self._late: deque[tuple[float, float]] = deque()  # when, and by how many seconds

    @property
    def worst(self) -> float:
        """The longest of late, in seconds."""
        now = self._clock()
        kept = (late for at, late in self._late if at > now - self._kept)
        # The request may be served before the tick that the same block has held up.
        return max(0.0, now - self._due, *kept)

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            self._due = self._clock() + _TICK_S
            await asyncio.sleep(_TICK_S)
            now = self._clock()
            self._late.append((now, now - self._due))
            while self._late[0][0] <= now - self._kept:
                self._late.popleft()


@asynccontextmanager
async def health_server(
    port: int | None,
    *,
    healthy: Callable[[], bool],
    ready: Callable[[], bool],
    report: Callable[[], Report] = _nothing_to_add,
    lag: LoopLag | None = None,
) -> AsyncIterator[int | None]:
    """Serve ``/healthz`` and ``/readyz`` on loopback while the block runs.

    Both fail too if the loop runs late, as ``lag`` has it. ``report`` is added to what they say.
    ``port`` 0 takes a free one, ``None`` serves nothing. Yields the port in use.
    """
    if port is None:
        yield None
        return
    lag = lag or LoopLag()
    watching = asyncio.create_task(lag.watch(), name="loop lag")
    app = web.Application()
    app.router.add_get("/healthz", _answer(healthy, lag, report))
    app.router.add_get("/readyz", _answer(ready, lag, report))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def _answer(
    check: Callable[[], bool], lag: LoopLag, report: Callable[[], Report]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(_: web.Request) -> web.Response:
        worst = lag.worst
        passed = check() and worst < lag.limit
        said = {"ok": passed, "loop_lag_s": round(worst, 3), **report()}
        return web.json_response(said, status=200 if passed else 503)

    return handler
