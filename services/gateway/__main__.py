"""``python -m services.gateway``: serve HTTP until a signal, then finish what is in flight."""

import asyncio
import gc
import logging

from aiohttp import web

from services.gateway.app import create_app
from services.gateway.connections import GatewayRunner
from services.gateway.settings import Settings
from shared.process import run

logger = logging.getLogger(__name__)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set."""
    runner = GatewayRunner(create_app(settings), settings)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
        _spare_what_stays()
        logger.info("ready", extra={"port": runner.addresses[0][1]})
        await stop.wait()
    finally:
        await runner.cleanup()


def _spare_what_stays() -> None:
    """Have the garbage collector leave alone what is there by now: it stays until the end.

    A full collection would look through all of it, and requests would wait meanwhile.
    """
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    run("gateway", Settings, serve)
