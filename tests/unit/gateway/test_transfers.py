"""Long answers: how many at a time, and that a failure is seen as one."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import ClientPayloadError, web
from aiohttp.test_utils import TestClient, TestServer

from services.gateway.problems import Problem
from services.gateway.transfers import Transfers, send
from tests.deadlines import until

MIB = 1024 * 1024
Chunks = Callable[[], AsyncIterator[bytes]]


async def served(
    chunks: Chunks, *, chunk_timeout: float = 10
) -> TestClient[web.Request, web.Application]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await send(request, web.StreamResponse(), chunks(), chunk_timeout=chunk_timeout)

    app = web.Application()
    app.router.add_get("/", handler)
    return TestClient(TestServer(app))


def test_a_user_has_so_many_and_gets_room_back() -> None:
    transfers = Transfers(total=3, per_user=1)

    with transfers.slot("ana"):
        with pytest.raises(Problem) as refused, transfers.slot("ana"):
            pass
        with transfers.slot("eve"):
            pass
    with transfers.slot("ana"):
        pass

    assert (refused.value.status, refused.value.code) == (429, "too_many_downloads")
    assert refused.value.retry_after


def test_all_users_together_have_so_many() -> None:
    transfers = Transfers(total=1, per_user=1)

    with transfers.slot("ana"), pytest.raises(Problem) as refused, transfers.slot("eve"):
        pass
    with transfers.slot("eve"):
        pass

    assert (refused.value.status, refused.value.code) == (503, "overloaded")
    assert refused.value.retry_after


async def test_chunks_arrive_in_order() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with await served(chunks) as client:
        response = await client.get("/")

        assert await response.read() == b"one two"


async def test_failure_half_way_is_a_broken_transfer(caplog: pytest.LogCaptureFixture) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        raise KeyError("two")

    async with await served(chunks) as client:
        response = await client.get("/")

        with pytest.raises(ClientPayloadError):
            await response.read()
    assert [record.message for record in caplog.records] == ["transfer broken off"]


async def test_client_that_never_reads_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[bool] = []

    async def chunks() -> AsyncIterator[bytes]:
        try:
            for _ in range(64):
                yield bytes(MIB)
            ended.append(True)
        finally:
            ended.append(False)

    async with await served(chunks, chunk_timeout=0.2) as client:
        response = await client.get("/")

        await until(lambda: ended)
        with pytest.raises(ClientPayloadError):
            await response.read()
    assert ended == [False]
    assert caplog.records == []
