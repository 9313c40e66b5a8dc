"""Connections: deadlines for headers, how many there may be, and what follows a bad request."""

import asyncio

import pytest

from tests.deadlines import until
from tests.integration.gateway.conftest import Gateway, Serve
from tests.integration.gateway.conversation import (
    MARK,
    WITHIN_S,
    assert_is_problem,
    converse,
    request,
)


async def test_headers_that_trickle_in_have_a_deadline(serve: Serve) -> None:
    gateway = await serve(headers_timeout_s=0.2)

    answer = await converse(
        gateway, b"GET /version HTTP/1.1\r\nHost: ", MARK.encode(), half_close=False
    )

    assert_is_problem(answer, {408})
    assert answer.code == "headers_timeout"
    assert answer.headers["connection"] == "close"


async def test_silent_connection_is_closed(serve: Serve) -> None:
    gateway = await serve(headers_timeout_s=0.2)

    answer = await converse(gateway)

    assert answer.raw == b""


async def test_second_request_of_a_connection_has_the_deadline_too(serve: Serve) -> None:
    gateway = await serve(headers_timeout_s=0.3)
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"}")

    writer.write(b"GET /version HTTP/1.1\r\n")
    rest = await asyncio.wait_for(reader.read(), WITHIN_S)

    assert rest.startswith(b"HTTP/1.1 408")
    writer.close()


async def test_idle_connection_outlives_the_deadline_of_headers(serve: Serve) -> None:
    gateway = await serve(headers_timeout_s=0.1)
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"}")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.5)
    writer.write(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")

    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_connection_too_many_is_told_to_come_back(serve: Serve) -> None:
    gateway = await serve(max_connections=2)
    host, port = gateway.url.removeprefix("http://").split(":")
    held = [await asyncio.open_connection(host, int(port)) for _ in range(2)]
    for reader, writer in held:
        writer.write(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")

    answer = await converse(gateway)

    assert_is_problem(answer, {503})
    assert answer.headers["retry-after"]
    for _, writer in held:
        writer.close()

    async def back() -> bool:
        return (await converse(gateway, b"GET /version HTTP/1.0\r\n\r\n")).status == 200

    await until(back)


async def test_requests_behind_an_unreadable_one_are_not_run(gateway: Gateway) -> None:
    good = request("GET", "/version", token=gateway.token())
    bad = b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    writer.write(good)
    await reader.readuntil(b"}")
    writer.write(bad + good)
    raw = await asyncio.wait_for(reader.read(), WITHIN_S)

    assert raw.count(b"HTTP/1.") == raw.count(b" 400 Bad Request\r\n") == 1
    writer.close()
