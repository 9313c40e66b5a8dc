"""The day's budget and the switches, as every captioner finds them in the table."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import CredentialRetrievalError

from services.captioner.overseeing import Oversight
from shared.aws import aws_session, client_config
from shared.item_store import ItemStore
from shared.provider_switches import switch
from shared.usage import UsageCounter
from tests.deadlines import until
from tests.integration.shared.conftest import made_table

NOW = "2026-11-22T12:00:00.000Z"


@pytest.fixture(scope="module")
async def dynamodb(aws: str) -> AsyncIterator[Any]:
    async with aws_session().client("dynamodb", config=client_config(connections=5)) as it:
        yield it


@pytest.fixture
async def items(dynamodb: Any) -> ItemStore:
    return ItemStore(dynamodb, await made_table(dynamodb))


async def spend(items: ItemStore, provider: str, dollars: float) -> None:
    async with UsageCounter(items, "captioner") as usage:
        usage.add_cost(provider, dollars)


def watching(items: ItemStore, budget: float | None = None) -> Oversight:
    return Oversight(items, budget=budget, interval=0.01)


async def test_spent_budget_holds_all_but_the_free_provider(
    items: ItemStore, caplog: pytest.LogCaptureFixture
) -> None:
    await spend(items, "bedrock", 0.6)
    await spend(items, "huggingface", 0.3)

    async with watching(items, 1.0) as oversight:
        assert oversight.held("bedrock") is None
        with caplog.at_level(logging.ERROR, logger="services.captioner.overseeing"):
            await spend(items, "sagemaker", 0.2)
            await until(lambda: oversight.held("bedrock") is not None)

        assert [oversight.held(name) for name in ("bedrock", "sagemaker", "local")] == [
            "over_budget",
            "over_budget",
            None,
        ]
    assert [record.getMessage() for record in caplog.records] == ["daily budget spent"]


async def test_budget_of_nothing_holds_from_the_start(items: ItemStore) -> None:
    async with watching(items, 0.0) as oversight:
        assert oversight.held("bedrock") == "over_budget"


async def test_without_a_budget_nothing_is_too_much(items: ItemStore) -> None:
    await spend(items, "bedrock", 1e6)

    async with watching(items) as oversight:
        assert oversight.held("bedrock") is None


async def test_switch_is_seen_by_those_who_run(items: ItemStore) -> None:
    async with watching(items) as oversight:
        await switch(items, "bedrock", on=False, by="ana", at=NOW)
        await until(lambda: oversight.held("bedrock") == "switched_off")

        await switch(items, "bedrock", on=True, by="ana", at=NOW)
        await until(lambda: oversight.held("bedrock") is None)


async def test_what_was_read_last_stands_while_the_table_is_away(items: ItemStore) -> None:
    await switch(items, "bedrock", on=False, by="ana", at=NOW)

    async with watching(items) as oversight:
        away = ItemStore(items.dynamodb, "no-such-table")
        oversight._items = away  # noqa: SLF001  an outage, as the table's client sees it

        with pytest.raises(AssertionError, match="not so within"):
            await until(lambda: oversight.held("bedrock") is None, within=0.5)


@dataclass
class WithoutRole:
    """A table's client that has lost its credentials for one query."""

    dynamodb: Any
    lost: int = 0

    async def query(self, **arguments: Any) -> Any:
        if self.lost:
            self.lost -= 1
            raise CredentialRetrievalError(provider="p", error_msg="e")
        return await self.dynamodb.query(**arguments)


async def test_look_that_fails_is_not_the_last(items: ItemStore) -> None:
    client: Any = WithoutRole(items.dynamodb)
    async with watching(ItemStore(client, items.table)) as oversight:
        client.lost = 1
        await until(lambda: client.lost == 0)
        await switch(items, "bedrock", on=False, by="ana", at=NOW)

        await until(lambda: oversight.held("bedrock") == "switched_off")
