"""What a gateway counts of its own requests, and the counts of all services a day at a time."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from services.gateway.health import PROBES
from services.gateway.keys import USAGE
from shared.admin_api import DayUsageView, HourUsageView, UsageView
from shared.item_store import ItemStore
from shared.latency import quantile_ms
from shared.records import timestamp
from shared.usage import (
    ACCEPTED,
    CACHED,
    COMPLETED,
    DEGRADED,
    FAILED,
    FALLBACKS,
    INGESTED,
    REQUESTS,
    SERVER_ERRORS,
    UPLOADS_REFUSED,
    DayUsage,
    usage_of,
)

DAYS_MAX = 90
HOURS = 48
_DAYS_OF_HOURS = 3  # that 48 hours can be in
READS_AT_ONCE = 8
# Put on a request that was answered with an image which an earlier one had made.
REPEATED: web.RequestKey[bool] = web.RequestKey("repeated", bool)
_SUBMISSIONS = frozenset({"/v1/images", "/v1/uploads/{upload_id}/complete"})


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the request and how it ended; the probes are not worth it."""
    response = await handler(request)
    if request.path not in PROBES:
        names = [REQUESTS]
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            names.append(SERVER_ERRORS)
        if _is_submission(request):
            names += _submission(request, response)
        request.app[USAGE].add(*names)
    return response


async def usage_view(items: ItemStore, *, now: datetime, days: int) -> UsageView:
    """The last ``days`` days and the last 48 hours. Raises ``DependencyUnavailable``."""
    slots = asyncio.Semaphore(READS_AT_ONCE)

    async def read(day: date) -> DayUsage:
        async with slots:
            return await usage_of(items, day)

    wanted = (now.date() - timedelta(days=back) for back in range(max(days, _DAYS_OF_HOURS)))
    found = await asyncio.gather(*map(read, wanted))
    return UsageView(days=[view_of(usage) for usage in found[:days]], hours=hours_of(found, now))


def hours_of(days: Sequence[DayUsage], now: datetime) -> list[HourUsageView]:
    """The last 48 hours, as counted on ``days``, the one of ``now`` first."""
    by_day = {usage.day: usage.hourly for usage in days}
    began = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    views = []
    for hour in (began - timedelta(hours=back) for back in range(HOURS)):
        counted = by_day.get(hour.date(), {})
        views.append(
            HourUsageView(
                hour=timestamp(hour),
                completed=counted.get((COMPLETED, hour.hour), 0),
                failed=counted.get((FAILED, hour.hour), 0),
            )
        )
    return views


def view_of(usage: DayUsage) -> DayUsageView:
    """One day's counts; what was not counted is zero."""
    count = Counter(usage.counts)
    costs: defaultdict[str, float] = defaultdict(float)
    for (provider, _), dollars in usage.costs.items():
        costs[provider] += dollars
    return DayUsageView(
        day=usage.day.isoformat(),
        requests=count[REQUESTS],
        server_errors=count[SERVER_ERRORS],
        uploads_refused=count[UPLOADS_REFUSED],
        accepted=count[ACCEPTED],
        ingested=count[INGESTED],
        completed=count[COMPLETED],
        failed=count[FAILED],
        failed_by_code=dict(sorted(usage.failures.items())),
        fallbacks=count[FALLBACKS],
        degraded=count[DEGRADED],
        cached=count[CACHED],
        p50_ms=quantile_ms(usage.latency, 0.5),
        p95_ms=quantile_ms(usage.latency, 0.95),
        cost_usd=round(sum(costs.values()), 6),
        cost_usd_by_provider={name: round(dollars, 6) for name, dollars in sorted(costs.items())},
    )


def _is_submission(request: web.Request) -> bool:
    resource = request.match_info.route.resource
    return (
        request.method == hdrs.METH_POST
        and resource is not None
        and resource.canonical in _SUBMISSIONS
    )


def _submission(request: web.Request, response: web.StreamResponse) -> list[str]:
    if response.status == HTTPStatus.ACCEPTED:
        return [] if request.get(REPEATED) else [ACCEPTED]
    return [UPLOADS_REFUSED] if response.status >= HTTPStatus.BAD_REQUEST else []
