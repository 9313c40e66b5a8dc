"""The sweeper's rounds while DynamoDB does not answer."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from services.gateway.sweeping import Sweeper
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
    since = sweeper.seconds_since_round
    stop.set()
    await running

    assert since < 15 * INTERVAL_S
    # Four shards at once, and at most twice per interval.
    assert 0 < dynamodb.asked <= 4 * 2 * 21
