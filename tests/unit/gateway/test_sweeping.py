"""The sweeper's rounds while something does not answer."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from services.gateway.sweeping import ITEMS_A_PAGE, Sweeper
from shared.errors import DependencyUnavailable
from tests.deadlines import until

INTERVAL_S = 0.1


class Down:
    """A DynamoDB that does not answer."""

    def __init__(self) -> None:
        self.asked = 0

    async def query(self, **_: Any) -> None:
        self.asked += 1
        raise TimeoutError


async def test_a_sweeper_that_waits_for_dynamodb_is_well_and_asks_once_a_round() -> None:
    dynamodb = Down()
    never: Any = None
    items = cast("Any", SimpleNamespace(dynamodb=dynamodb, table="t"))
    sweeper = Sweeper(items, never, never, never, eraser=never, uploads=never)
    stop = asyncio.Event()
    began = asyncio.get_running_loop().time()

    running = asyncio.create_task(sweeper.run(stop, interval=INTERVAL_S))
    await until(lambda: asyncio.get_running_loop().time() > began + 20 * INTERVAL_S)
    since = sweeper.seconds_since_turn
    stop.set()
    await running

    assert since < 15 * INTERVAL_S
    # Four shards at once, and at most twice per interval.
    assert 0 < dynamodb.asked <= 4 * 2 * 21


class Index:
    """A DynamoDB whose index has a page of due uploads in each shard."""

    async def query(self, **_: Any) -> dict[str, Any]:
        key = {"PK": {"S": "USER#ana"}, "SK": {"S": "UPLOAD#1"}, "check_at": {"N": "1"}}
        return {"Items": [key] * ITEMS_A_PAGE}


class Bucketless:
    """Uploads whose bucket does not answer."""

    async def expire(self, *_: str) -> None:
        await asyncio.sleep(INTERVAL_S)
        raise DependencyUnavailable("s3")


async def test_a_sweeper_whose_acts_all_take_their_time_is_well() -> None:
    never: Any = None
    items = cast("Any", SimpleNamespace(dynamodb=Index(), table="t"))
    sweeper = Sweeper(items, never, never, never, eraser=never, uploads=cast("Any", Bucketless()))
    began = asyncio.get_running_loop().time()
    longest = 0.0

    sweeping = asyncio.create_task(sweeper.sweep())
    while not sweeping.done():
        longest = max(longest, sweeper.seconds_since_turn)
        await asyncio.sleep(0.01)
    took = asyncio.get_running_loop().time() - began

    assert took > 20 * INTERVAL_S
    assert longest < took / 2
