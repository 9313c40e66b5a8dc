"""The quota is right whoever spends it, and survives what a user deletes."""

import asyncio
from typing import Any

import pytest

from shared.aws import aws_session, client_config
from shared.controls import Controls, QuotaExceeded, Spent
from tests.integration.shared.conftest import Clock, made_table

LIMIT = 60
WINDOW = 3600.0


@pytest.fixture
def controls(dynamodb: Any, table: str, clock: Clock) -> Controls:
    return controls_of(dynamodb, table, clock)


def controls_of(dynamodb: Any, table: str, clock: Clock) -> Controls:
    return Controls(
        dynamodb,
        table,
        hash_key=b"key",
        limit=LIMIT,
        window=WINDOW,
        lifetime=86400,
        clock=clock,
    )


async def drain(controls: Controls, count: int) -> None:
    for _ in range(count):
        await controls.spend("ana")


async def test_a_full_bucket_gives_its_limit_at_once_and_no_more(controls: Controls) -> None:
    await drain(controls, LIMIT)

    with pytest.raises(QuotaExceeded) as refusal:
        await controls.spend("ana")

    assert refusal.value.retry_after == pytest.approx(WINDOW / LIMIT)
    assert refusal.value.bucket.remaining == 0


async def test_of_200_spenders_at_once_exactly_the_limit_succeeds(
    aws: str, ministack: str, clock: Clock
) -> None:
    # On ministack, because moto's conditional writes are not atomic.
    config = client_config(connections=50)
    async with aws_session().client("dynamodb", endpoint_url=ministack, config=config) as dynamodb:
        controls = controls_of(dynamodb, await made_table(dynamodb), clock)
        results = await asyncio.gather(
            *(controls.spend("ana") for _ in range(200)), return_exceptions=True
        )

    assert sum(isinstance(result, Spent) for result in results) == LIMIT
    assert sum(isinstance(result, QuotaExceeded) for result in results) == 200 - LIMIT


async def test_after_the_time_it_names_exactly_one_more_unit_is_there(
    controls: Controls, clock: Clock
) -> None:
    await drain(controls, LIMIT)
    with pytest.raises(QuotaExceeded) as refusal:
        await controls.spend("ana")

    clock.now += refusal.value.retry_after
    await controls.spend("ana")

    with pytest.raises(QuotaExceeded):
        await controls.spend("ana")


async def test_a_bucket_left_alone_fills_up_and_not_over(controls: Controls, clock: Clock) -> None:
    await drain(controls, LIMIT)
    clock.now += 10 * WINDOW

    assert (await controls.bucket("ana")).remaining == LIMIT
    await drain(controls, LIMIT)
    with pytest.raises(QuotaExceeded):
        await controls.spend("ana")


async def test_a_refund_gives_one_unit_back(controls: Controls) -> None:
    await drain(controls, LIMIT)

    await controls.refund("ana")

    assert (await controls.bucket("ana")).remaining == 1
    await controls.spend("ana")


async def test_a_refund_of_an_unknown_user_makes_nothing(controls: Controls) -> None:
    await controls.refund("nobody")

    assert (await controls.bucket("nobody")).remaining == LIMIT


async def test_users_do_not_share_a_bucket(controls: Controls) -> None:
    await drain(controls, LIMIT)

    assert (await controls.spend("bob")).bucket.remaining == LIMIT - 1


async def test_the_item_s_key_does_not_name_the_user(
    controls: Controls, dynamodb: Any, table: str
) -> None:
    await controls.spend("ana@example.com")

    [item] = (await dynamodb.scan(TableName=table))["Items"]

    assert "ana" not in str(item)
    assert item["PK"]["S"].startswith("CONTROL#")
    assert "ttl" in item


async def test_each_unit_costs_one_call_and_so_does_the_refusal(
    controls: Controls, dynamodb: Any
) -> None:
    calls: list[str] = []

    def count(model: Any, **_: Any) -> None:
        calls.append(model.name)

    dynamodb.meta.events.register("after-call.dynamodb", count)
    try:
        for _ in range(LIMIT):
            await controls.spend("ana")
        with pytest.raises(QuotaExceeded):
            await controls.spend("ana")
    finally:
        dynamodb.meta.events.unregister("after-call.dynamodb", count)

    assert calls == ["UpdateItem"] * (LIMIT + 1)
