"""Run the ingest worker: ``python -m services.ingest``."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from services.ingest.budget import PixelBudget
from services.ingest.decode import Limits
from services.ingest.settings import Settings
from services.ingest.worker import IngestWorker
from shared.process import run
from shared.publisher import Publisher
from shared.working import consume, worker_tools


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Put the worker together and run it until ``stop``."""
    with ThreadPoolExecutor(settings.threads, thread_name_prefix="decode") as executor:
        async with (
            worker_tools(settings, service="ingest") as tools,
            Publisher(tools.sqs, settings.caption_queue_url) as publisher,
        ):
            worker = IngestWorker(
                tools,
                publisher=publisher,
                executor=executor,
                budget=PixelBudget(settings.max_pixels_in_flight),
                limits=Limits(),
            )
            await consume(settings, tools, worker.handle, stop)


if __name__ == "__main__":
    run("ingest", Settings, serve)
