"""The unit of quota of an upload whose bytes are still on their way."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from services.gateway.submissions import GIVE_BACK_S
from tests.cutting_proxy import cutting_proxies
from tests.deadlines import until
from tests.integration.gateway.conftest import Gateway, Serve
from tests.integration.gateway.test_quota import remaining
from tests.integration.gateway.test_submission import JPEG
from tests.integration.local_stack_driver import free_port_base

Begun = tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def begun(gateway: Gateway, *headers: str) -> AsyncIterator[Begun]:
    """An upload of ``JPEG`` that waits to be asked for its bytes, and the answer to that."""
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [
        "POST /v1/images HTTP/1.1",
        "Host: gateway.test",
        "Expect: 100-continue",
        f"Authorization: Bearer {gateway.token()}",
        f"Content-Length: {len(JPEG)}",
        *headers,
    ]
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode())
        yield await line_of(reader), reader, writer
    finally:
        writer.close()


async def line_of(reader: asyncio.StreamReader) -> bytes:
    return (await reader.readline()).rstrip()


async def is_given_back(gateway: Gateway) -> None:
    async def all_there() -> bool:
        return await remaining(gateway) == 60

    await until(all_there, within=30)


async def test_unit_is_spent_before_the_bytes_are_asked_for(gateway: Gateway) -> None:
    async with begun(gateway) as (answer, reader, writer):
        left = await remaining(gateway)
        writer.write(JPEG)
        await reader.readline()  # the end of 100 Continue
        accepted = await line_of(reader)

    assert (answer, left) == (b"HTTP/1.1 100 Continue", 59)
    assert accepted == b"HTTP/1.1 202 Accepted"
    assert await remaining(gateway) == 59


async def test_bytes_are_not_asked_for_once_the_quota_is_used_up(serve: Serve) -> None:
    gateway = await serve(quota_limit=1)
    async with begun(gateway), begun(gateway) as (answer, _, _):
        assert answer == b"HTTP/1.1 429 Too Many Requests"


@pytest.mark.parametrize("sent", [b"", JPEG[:100]], ids=["before", "in the middle"])
async def test_upload_that_breaks_off_gives_its_unit_back(gateway: Gateway, sent: bytes) -> None:
    async with begun(gateway) as (_, _, writer):
        assert await remaining(gateway) == 59
        writer.write(sent)

    await is_given_back(gateway)


async def test_upload_that_takes_too_long_gives_its_unit_back(serve: Serve) -> None:
    gateway = await serve(body_timeout_s=0.2)
    async with begun(gateway) as (_, reader, _):
        await reader.readline()
        assert await line_of(reader) == b"HTTP/1.1 408 Request Timeout"

        assert await remaining(gateway) == 60


async def test_upload_under_a_key_costs_nothing_before_it_is_whole(gateway: Gateway) -> None:
    async with begun(gateway, "Idempotency-Key: k") as (answer, _, _):
        assert answer == b"HTTP/1.1 100 Continue"
        assert await remaining(gateway) == 60


async def test_refusal_does_not_wait_for_a_database_that_is_away(
    serve: Serve, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = urlsplit(aws).port
    assert upstream is not None
    with cutting_proxies({"dynamodb": free_port_base()}, upstream=upstream) as proxies:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", proxies["dynamodb"].url)
        gateway = await serve()
        async with begun(gateway) as (_, reader, writer):
            with proxies["dynamodb"].cut("is silent"):
                began = time.monotonic()
                writer.write(b"x" * len(JPEG))
                await reader.readline()
                answer = await line_of(reader)
                took = time.monotonic() - began

        assert answer == b"HTTP/1.1 415 Unsupported Media Type"
        assert took < 2 * GIVE_BACK_S
        await is_given_back(gateway)
