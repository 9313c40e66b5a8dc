"""``/healthz``, ``/readyz``, ``/version``: for supervisors and load balancers, without a token."""

from http import HTTPStatus

from aiohttp import web

from services.gateway.keys import READINESS, SETTINGS
from services.gateway.problems import PASSING_RETRY_AFTER_S, Problem
from shared.api import FieldFault

routes = web.RouteTableDef()

PROBES = frozenset({"/healthz", "/readyz"})


@routes.get("/healthz")
async def healthz(_: web.Request) -> web.Response:
    """The process is up and its loop turns."""
    return web.json_response({"status": "ok"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Its dependencies answer; else 503 with those that do not."""
    results = await request.app[READINESS].results()
    missing = [name for name, passed in results.items() if not passed]
    if missing:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "dependency_unavailable",
            "Not ready: a service we depend on does not answer.",
            retry_after=PASSING_RETRY_AFTER_S,
            errors=[FieldFault(pointer=name, message="does not answer") for name in missing],
        )
    return web.json_response({"status": "ready", "checks": dict.fromkeys(results, "ok")})


@routes.get("/version")
async def version(request: web.Request) -> web.Response:
    """Which build this is."""
    settings = request.app[SETTINGS]
    return web.json_response({"version": settings.version, "commit": settings.commit})
