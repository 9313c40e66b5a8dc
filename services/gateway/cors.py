"""Pages of other origins: none may call the gateway, but for those named in the settings.

No credentials are allowed, for there are none but the bearer token, which a page sends itself.
https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import Collection
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from services.gateway.keys import SETTINGS

MAX_AGE_S = 600  # how long a browser keeps the answer to a preflight
METHODS = "GET, HEAD, POST, PATCH, DELETE"
REQUEST_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Request-Id"
)
ANSWER_HEADERS = (
    "Content-Disposition, ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, "
    "Retry-After, X-Request-Id"
)


@web.middleware
async def preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a browser that asks, without a token, whether it may send what comes next."""
    asked = hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    if request.method != hdrs.METH_OPTIONS or not asked or _allowed_origin(request) is None:
        return await handler(request)
    return web.Response(
        status=HTTPStatus.NO_CONTENT,
        headers={
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: REQUEST_HEADERS,
            hdrs.ACCESS_CONTROL_MAX_AGE: str(MAX_AGE_S),
        },
    )


async def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Let the page that asked read ``response``; connected to ``on_response_prepare``."""
    if not _origins(request):
        return
    response.headers.add(hdrs.VARY, hdrs.ORIGIN)
    origin = _allowed_origin(request)
    if origin is not None:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = ANSWER_HEADERS


def _allowed_origin(request: web.Request) -> str | None:
    origin = request.headers.get(hdrs.ORIGIN, "")
    return origin if origin in _origins(request) else None


def _origins(request: web.Request) -> Collection[str]:
    return request.app[SETTINGS].cors_origins
