"""What operators ask and do. The guard lets only members of ``admins`` in here."""

import re
from http import HTTPStatus
from typing import Literal

from aiohttp import web

from services.gateway.admin import PurgeRequest, SwitchRequest
from services.gateway.problems import Problem, malformed
from services.gateway.queues import purgeable
from shared.admin_api import (
    DeadLetterList,
    ProviderList,
    ProviderSwitchView,
    PurgeView,
    QueueList,
    RedriveView,
    UsageView,
)
from tests.unit.ui.fakes.answers import of_model, read_json
from tests.unit.ui.fakes.operations_state import ENDS, failures
from tests.unit.ui.fakes.state import STATE

routes = web.RouteTableDef()


@routes.get("/v1/admin/queues")
async def list_queues(request: web.Request) -> web.Response:
    return of_model(QueueList(queues=request.app[STATE].operations.queues()))


@routes.get("/v1/admin/queues/history")
async def show_history(request: web.Request) -> web.Response:
    hours = _number(request, "hours", default=6, most=24)
    return web.json_response({"points": request.app[STATE].operations.history(hours)})


@routes.get("/v1/admin/dead-letters/{queue}")
async def list_dead_letters(request: web.Request) -> web.Response:
    queue = _queue(request)
    limit = _number(request, "limit", default=20, most=100)
    letters = request.app[STATE].operations.letters[queue][:limit]
    return of_model(DeadLetterList(queue=queue, items=letters))


@routes.post("/v1/admin/queues/{queue}/redrive")
async def redrive(request: web.Request) -> web.Response:
    queue = _queue(request)
    moved = request.app[STATE].operations.redrive(queue)
    return of_model(RedriveView(queue=queue, messages=moved), status=HTTPStatus.ACCEPTED)


@routes.post("/v1/admin/queues/{queue}/purge")
async def purge(request: web.Request) -> web.Response:
    name = purgeable(request.match_info["queue"])
    if name is None:
        raise _no_such_queue()
    asked = await read_json(request, PurgeRequest)
    if asked.confirm != name:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not_confirmed", "Repeat the name.")
    request.app[STATE].operations.purge(name)
    return of_model(PurgeView(queue=name), status=HTTPStatus.ACCEPTED)


@routes.get("/v1/admin/providers")
async def list_providers(request: web.Request) -> web.Response:
    body = ProviderList(providers=request.app[STATE].operations.providers()).model_dump(mode="json")
    for provider in body["providers"]:
        provider["end_of_life"] = ENDS.get(provider["name"])
    return web.json_response(body)


@routes.patch("/v1/admin/providers/{provider}")
async def switch_provider(request: web.Request) -> web.Response:
    operations, name = request.app[STATE].operations, request.match_info["provider"]
    if name not in {view.name for view in operations.providers()}:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such provider.")
    asked = await read_json(request, SwitchRequest)
    (operations.off.discard if asked.enabled else operations.off.add)(name)
    return of_model(ProviderSwitchView(name=name, enabled=asked.enabled))


@routes.get("/v1/admin/usage")
async def show_usage(request: web.Request) -> web.Response:
    days = _number(request, "days", default=7, most=90)
    operations = request.app[STATE].operations
    body = UsageView(days=operations.usage(days), hours=operations.hours()).model_dump(mode="json")
    for day in body["days"]:
        day["failed_by_code"] = failures(day["failed"])
    return web.json_response(body)


def _queue(request: web.Request) -> Literal["ingest", "caption"]:
    match request.match_info["queue"].removesuffix("-dlq"):
        case "ingest":
            return "ingest"
        case "caption":
            return "caption"
        case _:
            raise _no_such_queue()


def _no_such_queue() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such queue.")


def _number(request: web.Request, name: str, *, default: int, most: int) -> int:
    text = request.query.get(name, str(default))
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise malformed(name, f"not one whole number from 1 to {most}")
    return int(text)
