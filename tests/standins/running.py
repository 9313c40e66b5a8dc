"""A stand-in that runs: in this process for tests, or as one of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, web

from tests.standins.app import create_app

_LEAVE = 0.2  # seconds for calls in flight when it stops: some never end by themselves


@asynccontextmanager
async def serving(host: str, port: int) -> AsyncIterator[int]:
    """Serve the stand-ins while the block runs; gives the port, chosen by the system if it is 0."""
    # Without cancellation, a fault that waits would outlive the client that gave up.
    runner = web.AppRunner(
        create_app(), access_log=None, handler_cancellation=True, shutdown_timeout=_LEAVE
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class Standin:
    """A stand-in's address, and its commands as methods."""

    url: str
    session: ClientSession

    async def fault(self, **services: Any) -> None:
        """``await standin.fault(bedrock={"mode": "throttle", "rate": 0.5})``."""
        async with self.session.put(f"{self.url}/_faults", json=services) as answer:
            assert answer.status == 200, await answer.text()

    async def calls(self) -> dict[str, dict[str, int]]:
        """Calls per service by outcome."""
        return dict(await self._read("/_calls"))

    async def images(self) -> dict[str, dict[str, int]]:
        """Answers per service by the SHA-256 of the image they are about."""
        return dict(await self._read("/_images"))

    async def requests(self, service: str) -> list[dict[str, Any]]:
        """The last calls that this service took, oldest first."""
        return list(await self._read(f"/_requests?service={service}&last=200"))

    async def reset(self) -> None:
        """Good health, and nothing counted."""
        for path in ("/_faults", "/_calls"):
            async with self.session.delete(f"{self.url}{path}") as answer:
                assert answer.status == 204

    async def _read(self, path: str) -> Any:
        async with self.session.get(f"{self.url}{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


@asynccontextmanager
async def commanding(url: str) -> AsyncIterator[Standin]:
    """The commands of a stand-in that runs elsewhere: that of a whole stack, say."""
    async with ClientSession() as session:
        yield Standin(url, session)


@asynccontextmanager
async def running_standins() -> AsyncIterator[Standin]:
    """All four stand-ins in this process, on a free port."""
    async with (
        serving("127.0.0.1", 0) as port,
        commanding(f"http://127.0.0.1:{port}") as standin,
    ):
        yield standin
