"""Run the captioner: ``python -m services.captioner``."""

import asyncio

from services.captioner.chaining import open_chain
from services.captioner.settings import Settings
from services.captioner.worker import CaptionWorker
from shared.controls import Controls
from shared.process import run
from shared.working import Tools, consume, worker_tools


def _controls(settings: Settings, tools: Tools) -> Controls:
    return Controls(
        tools.items.dynamodb,
        settings.records_table,
        hash_key=settings.user_hash_key.get_secret_value().encode(),
        limit=settings.quota_limit,
        window=settings.quota_window_s,
        lifetime=0,  # of what is spent, and nothing is spent here
    )


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Put the worker together and run it until ``stop``."""
    async with (
        worker_tools(settings, service="captioner") as tools,
        open_chain(settings, tools) as chain,
    ):
        worker = CaptionWorker(
            tools, chain, _controls(settings, tools), upgrades=settings.upgrade_degraded
        )
        await consume(settings, tools, worker.handle, stop)


if __name__ == "__main__":
    run("captioner", Settings, serve)
