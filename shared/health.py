"""A worker's small health server: is the process up, and can it work?"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

# Loopback only: the container's own health check asks, nobody else.
HOST = "127.0.0.1"


@asynccontextmanager
async def health_server(
    port: int | None, *, healthy: Callable[[], bool], ready: Callable[[], bool]
) -> AsyncIterator[int | None]:
    """Serve ``/healthz`` and ``/readyz`` on loopback while the block runs.

    ``port`` 0 takes a free one, ``None`` serves nothing. Yields the port in use.
    """
    if port is None:
        yield None
        return
    app = web.Application()
    app.router.add_get("/healthz", _answer(healthy))
    app.router.add_get("/readyz", _answer(ready))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port, shutdown_timeout=1)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _answer(check: Callable[[], bool]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(_: web.Request) -> web.Response:
        passed = check()
        return web.json_response({"ok": passed}, status=200 if passed else 503)

    return handler
