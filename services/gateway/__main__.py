"""``python -m services.gateway``: serve HTTP until a signal, then finish what is in flight."""

import asyncio
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
        logger.info("ready", extra={"port": runner.addresses[0][1]})
        await stop.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    run("gateway", Settings, serve)
