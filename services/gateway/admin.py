"""``/v1/admin``: what operators see and do. ``admin_access`` lets nobody else in here."""

import logging
import re
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from services.gateway.auth import IDENTITY
from services.gateway.keys import DEAD_LETTERS, ITEMS, QUEUES, REDRIVES
from services.gateway.parsing import read_json
from services.gateway.problems import Problem, malformed
from services.gateway.providers import KNOWN, provider_views
from services.gateway.queue_history import HOURS_MAX, queue_points
from services.gateway.queues import Queue, purgeable
from services.gateway.usage import DAYS_MAX, usage_view
from shared.admin_api import (
    DeadLetterList,
    ProviderList,
    ProviderSwitchView,
    PurgeView,
    QueueHistoryView,
    QueueList,
    RedriveView,
)
from shared.api import FieldFault
from shared.provider_switches import switch
from shared.records import timestamp

logger = logging.getLogger(__name__)

LETTERS_DEFAULT = 20
LETTERS_MAX = 100
DAYS_DEFAULT = 7
HOURS_DEFAULT = 6


class PurgeRequest(BaseModel):
    """``confirm`` repeats the name of the queue to be emptied, to the letter."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    confirm: str


class SwitchRequest(BaseModel):
    """Whether the provider is to be asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    enabled: bool


routes = web.RouteTableDef()


@routes.get("/v1/admin/queues")
async def list_queues(request: web.Request) -> web.Response:
    """How full each queue is, and how many dead letters it has."""
    return _json(QueueList(queues=await request.app[QUEUES].views()))


@routes.get("/v1/admin/queues/history")
async def show_queue_history(request: web.Request) -> web.Response:
    """How full each queue was in the last hours."""
    hours = _number(request, "hours", default=HOURS_DEFAULT, most=HOURS_MAX)
    points = await queue_points(request.app[ITEMS], now=datetime.now(UTC), hours=hours)
    return _json(QueueHistoryView(points=points))


@routes.get("/v1/admin/dead-letters/{queue}")
async def list_dead_letters(request: web.Request) -> web.Response:
    """Some dead letters of a queue, with their reasons."""
    queue = _queue(request)
    limit = _number(request, "limit", default=LETTERS_DEFAULT, most=LETTERS_MAX)
    letters = await request.app[DEAD_LETTERS].look(queue.dead_letters_url, limit=limit)
    return _json(DeadLetterList(queue=queue.name, items=letters))


@routes.post("/v1/admin/queues/{queue}/redrive")
async def redrive(request: web.Request) -> web.Response:
    """Send a queue's dead letters back to it."""
    queue = _queue(request)
    letters = await request.app[REDRIVES].start(queue)
    return _json(RedriveView(queue=queue.name, messages=letters), status=HTTPStatus.ACCEPTED)


@routes.post("/v1/admin/queues/{queue}/purge")
async def purge(request: web.Request) -> web.Response:
    """Empty exactly the queue that is named, twice over."""
    name = purgeable(request.match_info["queue"])
    if name is None:
        raise _no_such_queue()
    asked = await read_json(request, PurgeRequest)
    if asked.confirm != name:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "not_confirmed",
            "Repeat the name of the queue in `confirm`. Nothing was deleted.",
            errors=[FieldFault(pointer="/confirm", message="not the name of the queue")],
        )
    await request.app[QUEUES].purge(name)
    return _json(PurgeView(queue=name), status=HTTPStatus.ACCEPTED)


@routes.get("/v1/admin/providers")
async def list_providers(request: web.Request) -> web.Response:
    """How each provider does."""
    views = await provider_views(request.app[ITEMS], now=datetime.now(UTC))
    return _json(ProviderList(providers=views))


@routes.patch("/v1/admin/providers/{provider}")
async def switch_provider(request: web.Request) -> web.Response:
    """Take a provider out of every captioner's chain, or put it back."""
    name = request.match_info["provider"]
    if name not in KNOWN:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such provider.")
    asked = await read_json(request, SwitchRequest)
    await switch(
        request.app[ITEMS],
        name,
        on=asked.enabled,
        by=request[IDENTITY].user_id,
        at=timestamp(datetime.now(UTC)),
    )
    logger.warning("provider switched", extra={"provider": name, "enabled": asked.enabled})
    return _json(ProviderSwitchView(name=name, enabled=asked.enabled))


@routes.get("/v1/admin/usage")
async def show_usage(request: web.Request) -> web.Response:
    """What was done on each of the last days, and in each of the last hours."""
    days = _number(request, "days", default=DAYS_DEFAULT, most=DAYS_MAX)
    return _json(await usage_view(request.app[ITEMS], now=datetime.now(UTC), days=days))


def _queue(request: web.Request) -> Queue:
    queue = request.app[QUEUES].named(request.match_info["queue"])
    if queue is None:
        raise _no_such_queue()
    return queue


def _no_such_queue() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such queue.")


def _number(request: web.Request, name: str, *, default: int, most: int) -> int:
    values = request.query.getall(name, [str(default)])
    if (
        len(values) != 1
        or not re.fullmatch(r"\d{1,3}", values[0], re.ASCII)
        or not 1 <= int(values[0]) <= most
    ):
        raise malformed(name, f"not one whole number from 1 to {most}")
    return int(values[0])


def _json(body: BaseModel, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(text=body.model_dump_json(), status=status, content_type="application/json")
