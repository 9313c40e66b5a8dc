"""The gateway's API in memory, on a thread and a free port: what the page may rely on, and no more.

What is asked is checked by the gateway's own models, and the answers are the contract's own.
"""

import asyncio
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from services.gateway.problems import REQUEST_ID, Problem, problems, unavailable
from tests.unit.ui.fakes import account, changing, operations, reading, submitting
from tests.unit.ui.fakes.people import User
from tests.unit.ui.fakes.state import STATE, USER, FakeGateway, Upload

__all__ = ["FakeGateway", "Upload", "User", "running"]


def _app(gateway: FakeGateway) -> web.Application:
    app = web.Application(
        client_max_size=32 * 1024 * 1024, middlewares=[_count, _cross_origin, problems, _guard]
    )
    app[STATE] = gateway
    for part in (account, changing, operations, reading, submitting):
        app.add_routes(part.routes)
    return app


@web.middleware
async def _count(request: web.Request, handler: Handler) -> web.StreamResponse:
    gateway = request.app[STATE]
    request[REQUEST_ID] = uuid.uuid4().hex
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else request.path
    if _is_counted(request):
        gateway.requests[f"{request.method} {route}"] += 1
    if request.transport is not None:
        gateway.peers.add(request.transport.get_extra_info("peername"))
    response = await handler(request)
    response.headers["X-Request-Id"] = request[REQUEST_ID]
    return response


@web.middleware
async def _cross_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The bucket lets the page's origin POST, nothing else; so a refusal can be read, too."""
    response = await handler(request)
    origin = request.headers.get(hdrs.ORIGIN)
    if request.path == "/bucket" and origin is not None:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.VARY] = hdrs.ORIGIN
    return response


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    gateway = request.app[STATE]
    if not request.path.startswith("/v1/"):
        return await handler(request)
    if gateway.gone and request.transport is not None:
        request.transport.abort()
    await asyncio.sleep(gateway.delay_s)
    if gateway.down or gateway.gone:
        raise unavailable("dynamodb")
    request[USER] = _user(request)
    response = await handler(request)
    response.headers[hdrs.CACHE_CONTROL] = "private, no-store"
    return response


def _user(request: web.Request) -> User:
    """Who asks. Raises ``Problem``: 401, or 403 for the operators' part."""
    token = request.headers.get(hdrs.AUTHORIZATION, "").removeprefix("Bearer ")
    user = request.app[STATE].people.get(token)
    if user is None:
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "invalid_token",
            "The token is not accepted.",
            headers={hdrs.WWW_AUTHENTICATE: 'Bearer error="invalid_token"'},
        )
    if request.path.startswith("/v1/admin/") and "admins" not in user.groups:
        raise Problem(HTTPStatus.FORBIDDEN, "forbidden", "Only for members of `admins`.")
    return user


def _is_counted(request: web.Request) -> bool:
    return request.path.startswith("/v1/") or request.path == "/bucket"


@contextmanager
def running(gateway: FakeGateway) -> Iterator[FakeGateway]:
    """Serve ``gateway`` on a free port of the loopback until the block ends."""
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(_app(gateway), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        gateway.url = f"http://{host}:{port}"
        return runner

    def work() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(serve())
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield gateway
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
