"""Documents of the sign-in provider are read whole however they arrive, but not without end."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import ClientSession, ClientTimeout, TraceConfig, web

from services.gateway.documents import fetch_object

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_get("/", handler)
        runner = web.AppRunner(app, access_log=None)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/"

    yield start
    for runner in runners:
        await runner.cleanup()


async def test_a_document_in_two_pieces_is_read_whole(serve: Serve) -> None:
    client_reads = asyncio.Event()
    trace = TraceConfig()

    async def headers_received(*_: object) -> None:
        client_reads.set()

    async def in_two_pieces(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"keys": ')
        await client_reads.wait()
        await response.write(b"[]}")
        return response

    trace.on_request_end.append(headers_received)
    url = await serve(in_two_pieces)

    async with ClientSession(timeout=ClientTimeout(total=2), trace_configs=[trace]) as http:
        assert await fetch_object(http, url) == {"keys": []}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps({"keys": "k" * 64 * 1024}), id="too-long"),
        pytest.param("[]", id="no-object"),
        pytest.param("<html>", id="no-json"),
    ],
)
async def test_what_is_no_document_is_refused(serve: Serve, body: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body)

    url = await serve(answer)

    async with ClientSession(timeout=ClientTimeout(total=2)) as http:
        with pytest.raises(ValueError):  # noqa: PT011  json's own error is one too
            await fetch_object(http, url)
