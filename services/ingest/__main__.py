"""Run the ingest worker: ``python -m services.ingest``."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager

from services.ingest.budget import PixelBudget
from services.ingest.confined_decoder import Confinement
from services.ingest.decode import Limits
from services.ingest.labels import Rekognition, rekognition_config
from services.ingest.memory import keep_freed_memory
from services.ingest.secrecy import hide_from_own_processes
from services.ingest.settings import Settings
from services.ingest.worker import IngestWorker
from shared.aws import aws_session
from shared.process import run
from shared.publisher import Publisher
from shared.working import consume, worker_tools

logger = logging.getLogger(__name__)

EXIT_OVERRUN = 3


@asynccontextmanager
async def _labeller(settings: Settings) -> AsyncIterator[Rekognition | None]:
    if settings.labels == "off":
        yield None
        return
    options = settings.label_options()
    config = rekognition_config(connections=settings.concurrency, limit=options.limit)
    async with aws_session().client("rekognition", config=config) as client:
        yield Rekognition(client, options)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Put the worker together and run it until ``stop``, or until a decode can't be stopped.

    Then it drains as it does for ``stop`` and exits with ``EXIT_OVERRUN``, to be started anew.
    """
    overrun = asyncio.Event()

    def leave() -> None:
        overrun.set()
        stop.set()

    with ThreadPoolExecutor(settings.threads, thread_name_prefix="hash") as executor:
        async with (
            worker_tools(settings, service="ingest") as tools,
            Publisher(tools.sqs, settings.caption_queue_url) as publisher,
            _labeller(settings) as rekognition,
        ):
            worker = IngestWorker(
                tools,
                publisher=publisher,
                executor=executor,
                budget=PixelBudget(settings.max_pixels_in_flight),
                limits=Limits(),
                confinement=Confinement(
                    limit_s=settings.decode_timeout_s, memory_mb=settings.child_memory_mb
                ),
                at_once=settings.threads,
                overrun=leave,
                rekognition=rekognition,
            )
            async with aclosing(worker):
                await consume(settings, tools, worker.handle, stop)
    if overrun.is_set():
        logger.error("stopped for a decode that could not be")
        sys.exit(EXIT_OVERRUN)


if __name__ == "__main__":
    hide_from_own_processes()
    keep_freed_memory()
    run("ingest", Settings, serve)
