"""Run the captioner: ``python -m services.captioner``."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from services.captioner.chain import FallbackChain, Link
from services.captioner.providers.local import LocalProvider
from services.captioner.settings import Settings
from services.captioner.worker import CaptionWorker
from shared.process import run
from shared.working import consume, worker_tools


@contextmanager
def fallback_chain(settings: Settings) -> Iterator[FallbackChain]:
    """The providers in the order of the settings, with their models loaded."""
    local = LocalProvider(settings.local_models_dir)
    try:
        yield FallbackChain([Link(local, settings.local_timeout_s) for _ in settings.providers])
    finally:
        local.close()


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Put the worker together and run it until ``stop``."""
    with fallback_chain(settings) as chain:
        async with worker_tools(settings) as tools:
            await consume(settings, tools, CaptionWorker(tools, chain).handle, stop)


if __name__ == "__main__":
    run("captioner", Settings, serve)
