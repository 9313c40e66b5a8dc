"""Connections from strangers: what aiohttp's own parser refuses is answered as a problem too.

Nothing that was received is echoed or logged, headers have a deadline and limits, and no
``100 Continue`` goes out unless a handler asks for the body. aiohttp offers its protocol and its
server for subclassing, and no other way to any of this.
"""

import asyncio
import logging
import uuid
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion11, RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict, CIMultiDictProxy

from services.gateway.middleware import AWAITS_CONTINUE, REQUEST_ID_HEADER, common_headers
from services.gateway.problems import Problem, internal_error, problem_response
from services.gateway.settings import Settings

logger = logging.getLogger(__name__)

KEEPALIVE_S = 75  # longer than a load balancer's 60, so that it is never we who close first
RETRY_AFTER_S = 2
# A token of Cognito's has about 1 KiB; a browser and two proxies send some 40 headers.
MAX_HEADERS = 100
MAX_FIELD = 8190  # bytes of one header, and of the request line
_TOO_MANY_HEADERS = "Too many headers received"  # aiohttp has no type of its own for it


class GatewayRunner(web.AppRunner):
    """Serves ``app`` on connections of ours."""

    def __init__(self, app: web.Application, settings: Settings) -> None:
        super().__init__(
            app,
            access_log=None,
            auto_decompress=False,  # nothing that we take is compressed: no bombs
            keepalive_timeout=KEEPALIVE_S,
            max_line_size=MAX_FIELD,
            max_field_size=MAX_FIELD,
            max_headers=MAX_HEADERS,
            shutdown_timeout=settings.drain_s,
        )
        self._settings = settings

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return _Server(server, self._settings, **self._kwargs)


class _Server(web.Server):
    """Makes a ``Connection`` for each client of the application that ``server`` serves."""

    def __init__(self, server: web.Server, settings: Settings, **options: Any) -> None:
        make_request = server.request_factory

        def make(message: RawRequestMessage, *others: Any) -> web.BaseRequest:
            request = make_request(_without_expectation(message), *others)
            request[AWAITS_CONTINUE] = _awaits_continue(message)
            return request

        super().__init__(server.request_handler, request_factory=make)
        self.settings = settings
        self._options = options

    def __call__(self) -> "Connection":
        return Connection(self, self.settings, loop=asyncio.get_running_loop(), **self._options)


class Connection(RequestHandler):
    """One client's connection."""

    __slots__ = ("_begun", "_deadline", "_headers", "_most", "_timeout")

    def __init__(self, server: web.Server, settings: Settings, **options: Any) -> None:
        super().__init__(server, **options)
        self._headers = common_headers(settings)
        self._timeout = settings.headers_timeout_s
        self._most = settings.max_connections
        self._begun = False  # whether a part of a request's headers is there
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Expect a request soon; refuse a connection too many."""
        super().connection_made(transport)
        if self._manager is not None and len(self._manager.connections) > self._most:
            self._refuse(_too_many())
        else:
            self._expect_headers()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the deadline."""
        self._headers_are_complete()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse ``data``, and keep the time while a request's headers are incomplete."""
        requests = self._request_count
        try:
            super().data_received(data)
        except Exception as error:  # noqa: BLE001  a parser that breaks on what strangers send
            self._refuse(_unreadable(error))
            return
        if self._request_count > requests:
            self._headers_are_complete()
        elif data and self._is_idle() and not self._begun:
            self._begun = True
            self._expect_headers()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  aiohttp's, and it quotes what was sent
    ) -> web.StreamResponse:
        """The answer to what no handler of ours was shown, or could answer; ends the connection."""
        if isinstance(exc, ConnectionError):
            raise exc  # the client went away, and aiohttp closes quietly
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way, and there can be no other")
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return self._answer(_unreadable(exc))
        logger.error("unhandled", exc_info=exc)
        return self._answer(internal_error())

    def _is_idle(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    def _expect_headers(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._loop.call_later(self._timeout, self._out_of_time)

    def _headers_are_complete(self) -> None:
        self._begun = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _out_of_time(self) -> None:
        if not self._is_idle():
            return
        if self._begun:
            self._refuse(_too_slow())
        else:
            self.force_close()  # not a byte came: a browser's spare connection, or a dead one

    def _answer(self, problem: Problem) -> web.Response:
        request_id = uuid.uuid4().hex
        response = problem_response(problem, request_id=request_id)
        response.headers.update(self._headers)
        response.headers[REQUEST_ID_HEADER] = request_id
        response.force_close()
        logger.info("connection refused", extra={"code": problem.code, "request_id": request_id})
        return response

    def _refuse(self, problem: Problem) -> None:
        """Answer while no request is being handled, and close."""
        if self.transport is not None and not self._request_in_progress:
            response = self._answer(problem)
            body = response.body if isinstance(response.body, bytes) else b""
            head = [f"HTTP/1.1 {response.status} {response.reason}"]
            head += [f"{name}: {value}" for name, value in response.headers.items()]
            head += [f"{hdrs.CONTENT_LENGTH}: {len(body)}", f"{hdrs.CONNECTION}: close", "", ""]
            self.transport.write("\r\n".join(head).encode() + body)
        self.force_close()


def _without_expectation(message: RawRequestMessage) -> RawRequestMessage:
    """``message`` without ``Expect``, which aiohttp would act on before we know who is asking."""
    if hdrs.EXPECT not in message.headers:
        return message
    headers = CIMultiDict(message.headers)
    headers.popall(hdrs.EXPECT)
    return message._replace(headers=CIMultiDictProxy(headers))


def _awaits_continue(message: RawRequestMessage) -> bool:
    expected = message.headers.get(hdrs.EXPECT, "")
    return message.version >= HttpVersion11 and expected.lower() == "100-continue"


def _unreadable(error: BaseException | None) -> Problem:
    # The error's text quotes what was sent, which may be a token: only its type is looked at.
    logger.info("unreadable request", extra={"error": type(error).__name__})
    too_many = isinstance(error, HttpProcessingError) and error.message == _TOO_MANY_HEADERS
    if too_many or isinstance(error, LineTooLong):
        return Problem(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "request_header_fields_too_large",
            "The address or a header is too long, or there are too many headers.",
        )
    return Problem(HTTPStatus.BAD_REQUEST, "malformed_request", "This is no HTTP that we take.")


def _too_slow() -> Problem:
    return Problem(
        HTTPStatus.REQUEST_TIMEOUT, "headers_timeout", "The headers took too long to arrive."
    )


def _too_many() -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "overloaded",
        "Too many connections are open. Try again in a moment.",
        retry_after=RETRY_AFTER_S,
    )
