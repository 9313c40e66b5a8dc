"""``python -m services.gateway``: serve HTTP until a signal, then finish what is in flight."""

import asyncio
import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger

from services.gateway.app import create_app
from services.gateway.settings import Settings
from shared.process import run

logger = logging.getLogger(__name__)

KEEPALIVE_S = 75  # longer than a load balancer's 60, so that it is never we who close first


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set."""
    server_logger.addFilter(_without_request_text)
    runner = web.AppRunner(
        create_app(settings),
        access_log=None,
        handle_signals=False,
        keepalive_timeout=KEEPALIVE_S,
        shutdown_timeout=settings.drain_s,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
        logger.info("ready", extra={"port": runner.addresses[0][1]})
        await stop.wait()
    finally:
        await runner.cleanup()


def _without_request_text(record: logging.LogRecord) -> bool:
    """aiohttp's parser quotes the bytes it could not take, and those may be a token."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.exc_info = None
        record.__dict__["error"] = type(error).__name__
    return True


if __name__ == "__main__":
    run("gateway", Settings, serve)
