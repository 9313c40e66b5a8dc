"""The key set asks its issuer rarely, one at a time, and keeps what it has."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, ClientTimeout, web

from services.gateway.jwks import EMPTY_REFETCH_S, MAX_AGE_S, REFETCH_S, KeySet
from shared.errors import DependencyUnavailable
from tests.integration.gateway.issuer import Issuer, private_key


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    made = Issuer()
    runner = web.AppRunner(made.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def keys(issuer: Issuer, clock: Clock) -> AsyncIterator[KeySet]:
    async with ClientSession(timeout=ClientTimeout(total=2)) as http:
        yield KeySet(http, f"{issuer.url}/jwks.json", clock=clock)


async def test_many_at_once_ask_once(keys: KeySet, issuer: Issuer) -> None:
    found = await asyncio.gather(*(keys.key("access-key") for _ in range(20)))

    assert all(found)
    assert issuer.fetches == 1


async def test_new_key_is_found_after_a_minute(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    await keys.key("access-key")
    issuer.keys["new"] = private_key()

    early = await keys.key("new")
    clock.now += REFETCH_S
    late = await keys.key("new")

    assert early is None
    assert late is not None
    assert issuer.fetches == 2


async def test_failed_fetch_keeps_the_keys(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    await keys.key("access-key")
    issuer.down = True
    clock.now += MAX_AGE_S

    assert await keys.key("access-key") is not None
    assert await keys.key("unknown") is None
    assert issuer.fetches == 2


async def test_withdrawn_key_is_forgotten_within_the_hour(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    await keys.key("access-key")
    del issuer.keys["access-key"]
    clock.now += MAX_AGE_S

    assert await keys.key("access-key") is None


async def test_without_keys_it_is_unavailable_until_the_issuer_answers(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    issuer.down = True
    with pytest.raises(DependencyUnavailable):
        await keys.key("access-key")
    issuer.down = False
    with pytest.raises(DependencyUnavailable):
        await keys.check()

    clock.now += EMPTY_REFETCH_S

    await keys.check()
    assert issuer.fetches == 2
