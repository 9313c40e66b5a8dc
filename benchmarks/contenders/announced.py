"""A bare aiohttp server as a contender: it says its port and serves until the process is ended."""

import asyncio

from aiohttp import web


async def serve(app: web.Application) -> None:
    """Serve ``app`` on a free port of the loopback, which is printed once it is bound."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
