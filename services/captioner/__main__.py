"""Run the captioner: ``python -m services.captioner``."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from services.captioner.chain import FallbackChain, Link
from services.captioner.health_report import HealthReport
from services.captioner.providers.local import LocalProvider
from services.captioner.settings import Settings
from services.captioner.worker import CaptionWorker
from shared.controls import Controls
from shared.process import run
from shared.provider_health import Circuit
from shared.working import Tools, consume, worker_tools


@contextmanager
def links(settings: Settings) -> Iterator[list[Link]]:
    """The providers in the order of the settings, with their models loaded."""
    local = LocalProvider(settings.local_models_dir)
    try:
        yield [Link(local, settings.local_timeout_s) for _ in settings.providers]
    finally:
        local.close()


def _circuit(_: str) -> Circuit:
    return "closed"  # the chain has no breaker: it asks every time


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
    with links(settings) as chained:
        async with (
            worker_tools(settings, service="captioner") as tools,
            HealthReport(
                tools.items,
                providers=[(link.provider.name, link.provider.model) for link in chained],
                usage=tools.usage,
                circuit=_circuit,
            ) as report,
        ):
            chain = FallbackChain(chained, tried=report.tried)
            worker = CaptionWorker(tools, chain, _controls(settings, tools))
            await consume(settings, tools, worker.handle, stop)


if __name__ == "__main__":
    run("captioner", Settings, serve)
