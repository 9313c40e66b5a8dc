"""Around every request: its id, its span, its line in the log, and the headers all answers have.

Nothing here records a query's values, a token or a raw path: routes appear as their templates.
"""

import logging
import re
import time
import uuid

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.gateway.health import PROBES
from services.gateway.keys import SETTINGS
from services.gateway.problems import REQUEST_ID
from services.gateway.settings import Settings
from services.gateway.transfers import TAKES_ITS_TIME
from shared import metrics
from shared.telemetry import tracer

logger = logging.getLogger(__name__)

REQUEST_ID_HEADER = "X-Request-Id"
CLIENT_CLOSED = 499  # nginx's number for a client that left before the answer
_SANE_ID = re.compile(r"[A-Za-z0-9_.:/+=@-]{1,128}", re.ASCII)
_PRIVATE = ("/v1/", "/auth/")
_NO_CONTENT = "default-src 'none'; frame-ancestors 'none'"
_HSTS = "max-age=63072000"  # two years; other hosts of the domain are not ours to promise
# Set by ``connections``, which keeps aiohttp from sending ``100 Continue`` by itself.
AWAITS_CONTINUE: web.RequestKey[bool] = web.RequestKey("awaits_continue", bool)
# Only the trace itself is taken from a stranger; baggage would travel on through our queues.
_propagator = TraceContextTextMapPropagator()


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, a span and a line in the log."""
    asked = request.headers.get(REQUEST_ID_HEADER, "")
    request[REQUEST_ID] = asked if _SANE_ID.fullmatch(asked) else uuid.uuid4().hex
    if request.path in PROBES:
        return await handler(request)
    route = _template(request)
    with tracer.start_as_current_span(
        f"{request.method} {route}",
        context=_propagator.extract(request.headers),
        kind=SpanKind.SERVER,
        attributes={
            "http.request.method": request.method,
            "http.route": route,
            "url.scheme": request.scheme,
        },
    ) as span:
        began = time.perf_counter()
        status = CLIENT_CLOSED
        try:
            response = await handler(request)
            status = response.status
        finally:
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(StatusCode.ERROR)
            seconds = time.perf_counter() - began
            waited = request.get(TAKES_ITS_TIME, False)
            metrics.answered(request.method, route, status, seconds, waited=waited)
            logger.info(
                "request",
                extra={
                    "method": request.method,
                    "route": route,
                    "status": status,
                    "duration_ms": round(seconds * 1000, 1),
                    "request_id": request[REQUEST_ID],
                },
            )
        return response


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put on ``response`` what every answer carries; connected to ``on_response_prepare``."""
    headers = response.headers
    headers[REQUEST_ID_HEADER] = request.get(REQUEST_ID) or uuid.uuid4().hex
    headers.update(common_headers(request.app[SETTINGS]))
    headers.setdefault("Content-Security-Policy", _NO_CONTENT)
    if f"{request.path}/".startswith(_PRIVATE):
        headers[hdrs.CACHE_CONTROL] = "private, no-store"


def common_headers(settings: Settings) -> dict[str, str]:
    """What every answer carries, also one that no handler made."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        hdrs.SERVER: "caption-gateway",
    }
    if settings.public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = _HSTS
    return headers


async def send_continue(request: web.Request) -> None:
    """Ask the client for the body, if it waits to be asked (RFC 9110, 10.1.1)."""
    if request.get(AWAITS_CONTINUE):
        request[AWAITS_CONTINUE] = False
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # What is counted as sent decides whether an error can still be answered.
        request.writer.output_size = 0


def _template(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"
