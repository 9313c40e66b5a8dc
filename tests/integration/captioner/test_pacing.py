"""Captioners of one table stay below the account's limit together, and wait as long as told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from services.captioner.pacing import (
    BURST,
    LEAST_SHARE,
    PACED_MINUTE,
    STORE_PAUSE,
    Paced,
    PaceOptions,
    Pacer,
)
from shared.aws import aws_session, client_config
from shared.item_store import ItemStore
from tests.integration.shared.conftest import Clock, made_table

LIMIT = 60_000  # tokens per minute
CALL = 1000  # tokens
NAME = "bedrock#model"


@pytest.fixture(scope="module")
async def dynamodb(aws: str) -> AsyncIterator[Any]:
    async with aws_session().client("dynamodb", config=client_config(connections=20)) as it:
        yield it


@pytest.fixture
async def items(dynamodb: Any) -> ItemStore:
    return ItemStore(dynamodb, await made_table(dynamodb))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def paced(items: ItemStore, clock: Clock, *, name: str = NAME, **changes: Any) -> Pacer:
    """A process's pacer, for whom time passes only while it waits."""

    async def sleep(seconds: float) -> None:
        clock.now += seconds

    options = {"tokens_per_minute": LIMIT, "max_wait": 0.0, "estimate": CALL} | changes
    return Pacer(items, name, PaceOptions(**options), clock=clock, sleep=sleep)


async def admitted(pacer: Pacer) -> list[float]:
    """What is reserved for all calls that may be made now."""
    reserved = []
    with suppress(Paced):
        while True:
            reserved.append(await pacer.admit())
    return reserved


async def tokens_over(clock: Clock, seconds: float, *pacers: Pacer) -> list[tuple[float, float]]:
    """When, and how many tokens, pacers that want all they can get take."""
    taken = []
    end = clock.now + seconds
    while clock.now < end:
        for pacer in pacers:
            taken += [(clock.now, tokens) for tokens in await admitted(pacer)]
        clock.now += 1.0
    return taken


def worst_minute(taken: list[tuple[float, float]]) -> float:
    """The most tokens that any 60 seconds saw."""
    return max(
        sum(tokens for at, tokens in taken if begin <= at < begin + 60) for begin, _ in taken
    )


async def test_two_captioners_on_one_table_stay_below_the_limit_and_use_it(
    items: ItemStore, clock: Clock
) -> None:
    pacers = paced(items, clock), paced(items, clock)

    taken = await tokens_over(clock, 90, *pacers)

    assert worst_minute(taken) <= LIMIT
    # The first burst apart, all that a paced minute gives.
    assert sum(tokens for _, tokens in taken) >= LIMIT * 90 / PACED_MINUTE


async def test_calls_at_once_of_many_captioners_take_no_more_than_the_burst(
    ministack: str, aws: str, clock: Clock
) -> None:
    # On ministack, because moto's conditional writes are not atomic.
    async with aws_session().client(
        "dynamodb", endpoint_url=ministack, config=client_config(connections=30)
    ) as client:
        items = ItemStore(client, await made_table(client))
        # However busy the machine: a process that gave up on the table would go on alone.
        pacers = [paced(items, clock, store_timeout=50.0) for _ in range(20)]
        taken = await asyncio.gather(*(admitted(pacer) for pacer in pacers))

    assert 0 < sum(map(sum, taken)) <= LIMIT / PACED_MINUTE * BURST


async def test_one_write_pays_for_many_calls_where_the_limit_is_high(
    items: ItemStore, dynamodb: Any, clock: Clock
) -> None:
    writes = Counter[str]()

    def count(model: Any, **_: Any) -> None:
        writes[model.name] += 1

    pacer = paced(items, clock, tokens_per_minute=100 * LIMIT)
    dynamodb.meta.events.register("after-call.dynamodb", count)
    try:
        for _ in range(100):
            await pacer.admit()
    finally:
        dynamodb.meta.events.unregister("after-call.dynamodb", count)

    assert writes.total() <= 3


async def test_models_do_not_share_a_budget(items: ItemStore, clock: Clock) -> None:
    await admitted(paced(items, clock))

    assert await admitted(paced(items, clock, name="bedrock#other"))


async def test_a_wait_within_bounds_is_waited(items: ItemStore, clock: Clock) -> None:
    await admitted(paced(items, clock))
    began = clock.now

    await paced(items, clock, max_wait=10.0).admit()

    assert 0 < clock.now - began <= 10


async def test_a_wait_beyond_bounds_is_refused_at_once_and_says_how_long(
    items: ItemStore, clock: Clock
) -> None:
    await admitted(paced(items, clock))
    began = clock.now

    with pytest.raises(Paced) as refusal:
        await paced(items, clock, max_wait=0.01).admit()

    assert clock.now == began
    assert refusal.value.reason == "paced"
    assert not refusal.value.blames_provider
    assert refusal.value.retry_after is not None
    clock.now += refusal.value.retry_after
    await paced(items, clock).admit()


async def test_a_call_larger_than_the_burst_is_let_through_when_nobody_else_calls(
    items: ItemStore, clock: Clock
) -> None:
    pacer = paced(items, clock, tokens_per_minute=CALL)

    assert await admitted(pacer) == [CALL]
    clock.now += PACED_MINUTE + 1
    assert await admitted(pacer) == [CALL]


async def test_what_is_left_of_an_old_slice_is_forgotten(items: ItemStore, clock: Clock) -> None:
    limit = 10 * LIMIT  # where a slice is worth many calls
    idle, busy = (paced(items, clock, tokens_per_minute=limit) for _ in range(2))
    await idle.admit()
    clock.now += 120
    await admitted(busy)

    assert await admitted(idle) == []


async def test_the_tokens_of_a_call_are_learned_from_answers(
    items: ItemStore, clock: Clock
) -> None:
    pacer = paced(items, clock, output_weight=5)
    for _ in range(100):
        pacer.answered(CALL, 1500, 100)

    assert pacer.estimate == pytest.approx(2000, rel=0.01)
    pacer.answered(CALL, None, None)
    assert pacer.estimate == pytest.approx(2000, rel=0.01)


async def test_an_overrun_is_paid_by_the_calls_after_it(items: ItemStore, clock: Clock) -> None:
    pacer = paced(items, clock)
    reserved = await pacer.admit()

    pacer.answered(reserved, int(LIMIT / PACED_MINUTE * BURST), 0)

    assert await admitted(pacer) == []


async def test_a_throttle_halves_the_pace_once_and_answers_bring_it_back(
    items: ItemStore, clock: Clock
) -> None:
    pacer = paced(items, clock)

    pacer.throttled(None)
    pacer.throttled(None)
    assert pacer.share == 0.5
    assert (await admitted(pacer))[0] == 2 * CALL

    for _ in range(25):
        pacer.answered(CALL, CALL, 0)
    assert pacer.share == pytest.approx(1.0)


async def test_however_often_it_is_throttled_some_pace_is_left(
    items: ItemStore, clock: Clock
) -> None:
    pacer = paced(items, clock)
    for _ in range(50):
        pacer.throttled(None)
        clock.now += 2

    assert pacer.share == LEAST_SHARE


async def test_the_provider_s_own_time_to_wait_is_kept_up_to_a_minute(
    items: ItemStore, clock: Clock
) -> None:
    pacer = paced(items, clock)

    pacer.throttled(7.0)
    assert await admitted(pacer) == []
    clock.now += 7.0
    assert await admitted(pacer)

    pacer.throttled(3600.0)
    clock.now += 61
    assert await admitted(pacer)


async def test_without_dynamodb_a_part_of_the_limit_is_left_and_a_line_says_so_once(
    clock: Clock, aws: str, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = "http://127.0.0.1:9"  # the discard port, where nobody listens
    async with aws_session().client(
        "dynamodb", endpoint_url=nowhere, config=client_config(connections=1)
    ) as client:
        pacer = paced(ItemStore(client, "t"), clock, alone_share=0.1)
        taken = await tokens_over(clock, STORE_PAUSE - 1, pacer)

    assert 0 < sum(tokens for _, tokens in taken) <= 0.1 * LIMIT
    assert [record.message for record in caplog.records] == ["pacing alone"]


async def test_a_table_that_refuses_us_stops_nobody(
    dynamodb: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    pacer = paced(ItemStore(dynamodb, "no-such-table"), clock)

    assert await pacer.admit() == CALL
    assert "pacing alone" in caplog.messages
