"""The providers as all running captioners together find them, and what they cost in a day."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shared.admin_api import ProviderHealthView
from shared.item_store import ItemStore
from shared.latency import quantile_ms
from shared.provider_health import Circuit, ProcessReport, ProviderReport, live_reports
from shared.provider_switches import switched_off
from shared.records import timestamp
from shared.usage import DayUsage, usage_of

# All that a chain can be made of (product.md), in its usual order.
KNOWN = ("bedrock", "sagemaker", "huggingface", "local")
# Of several processes the one in most trouble is told: it is what an operator has to know.
_WORST_FIRST: tuple[Circuit, ...] = ("open", "half_open", "closed")


async def provider_views(items: ItemStore, *, now: datetime) -> list[ProviderHealthView]:
    """Every provider, those configured first. Raises ``DependencyUnavailable``."""
    reports, off, *days = await asyncio.gather(
        live_reports(items),
        switched_off(items),
        usage_of(items, now.date()),
        usage_of(items, now.date() - timedelta(days=1)),
    )
    views = views_of(reports, days, now=now)
    return [view.model_copy(update={"enabled": view.name not in off}) for view in views]


async def configured_providers(items: ItemStore) -> frozenset[str]:
    """Those that some captioner asks; empty where none has reported. Raises
    ``DependencyUnavailable``.
    """
    reports = await live_reports(items)
    return frozenset(provider.name for report in reports for provider in report.providers)


def views_of(
    reports: Sequence[ProcessReport], days: Sequence[DayUsage], *, now: datetime
) -> list[ProviderHealthView]:
    """The views of what was reported; ``days`` are today and yesterday."""
    found: dict[str, list[ProviderReport]] = {}
    for report in sorted(reports, key=lambda each: each.at, reverse=True):
        for provider in report.providers:
            found.setdefault(provider.name, []).append(provider)
    costs = {name: _cost_of_a_day(name, days, now) for name in {*found, *KNOWN}}
    configured = [_configured(name, of_name, costs[name]) for name, of_name in found.items()]
    return configured + [
        ProviderHealthView(name=name, configured=False, cost_usd_24h=costs[name])
        for name in KNOWN
        if name not in found
    ]


def _configured(name: str, reports: list[ProviderReport], cost: float) -> ProviderHealthView:
    tries = sum(report.tries for report in reports)
    answered = sum(report.answered for report in reports)
    latency = [sum(counts) for counts in zip(*(r.latency for r in reports), strict=True)]
    failures = [
        (report.last_error_at, report.last_error)
        for report in reports
        if report.last_error_at is not None
    ]
    at, error = max(failures, default=(None, None))
    return ProviderHealthView(
        name=name,
        model=reports[0].model,
        configured=True,
        circuit=min((report.circuit for report in reports), key=_WORST_FIRST.index),
        p50_ms=quantile_ms(latency, 0.5),
        p95_ms=quantile_ms(latency, 0.95),
        success_rate=round(answered / tries, 4) if tries else None,
        last_error=error,
        last_error_at=timestamp(datetime.fromtimestamp(at, UTC)) if at is not None else None,
        cost_usd_24h=cost,
        held=next((report.held for report in reports if report.held is not None), None),
        # Of captioners that are being replaced, the end that comes first.
        end_of_life=min((r.end_of_life for r in reports if r.end_of_life), default=None),
    )


def _cost_of_a_day(name: str, days: Sequence[DayUsage], now: datetime) -> float:
    """The dollars of the last 24 hours, to the hour: of yesterday only its later hours count."""
    return round(
        sum(
            dollars
            for usage in days
            for (provider, hour), dollars in usage.costs.items()
            if provider == name and (usage.day == now.date() or hour > now.hour)
        ),
        6,
    )
