"""Put the chain together: providers, circuits, what operators hold it to, what they hear of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from services.captioner.breaker import Breaker
from services.captioner.chain import FallbackChain
from services.captioner.health_report import HealthReport
from services.captioner.overseeing import Oversight
from services.captioner.provider import CaptionProvider
from services.captioner.providers.opening import open_providers
from services.captioner.settings import Settings
from services.captioner.trying import Link, circuit_of
from shared import metrics
from shared.errors import BadSetting
from shared.records import Attempt
from shared.upgrades import LOCAL_PROVIDER
from shared.working import Tools


@asynccontextmanager
async def open_chain(settings: Settings, tools: Tools) -> AsyncIterator[FallbackChain]:
    """The chain of the settings, its providers open until the end of the block.

    Raises ``BadSetting`` if none of them is configured, or for one that can't work.
    """
    async with open_providers(settings, tools.items) as opened:
        if not opened:
            raise BadSetting("CAPTIONER_PROVIDERS", "none of these is configured")
        links = [_link(provider, timeout, settings) for provider, timeout in opened]
        async with (
            Oversight(tools.items, budget=settings.daily_budget_usd) as oversight,
            HealthReport(
                tools.items,
                providers=[(provider.name, provider.model) for provider, _ in opened],
                usage=tools.usage,
                circuit=partial(circuit_of, links),
                held=oversight.held,
                ends=settings.ends_of_life,
            ) as report,
        ):
            yield FallbackChain(
                links,
                deadline=settings.chain_deadline_s,
                held=oversight.held,
                tried=_noted(report),
            )


def _noted(report: HealthReport) -> Callable[[Attempt], None]:
    def tried(attempt: Attempt) -> None:
        report.tried(attempt)
        # A provider that was passed over was not called.
        if attempt.outcome not in {"circuit_open", "unsupported"}:
            metrics.tried(attempt)

    return tried


def _link(provider: CaptionProvider, timeout: float, settings: Settings) -> Link:
    if provider.name == LOCAL_PROVIDER:
        return Link(provider, timeout)
    breaker = Breaker(failures=settings.breaker_failures, cooldown=settings.breaker_cooldown_s)
    return Link(provider, timeout, breaker)
