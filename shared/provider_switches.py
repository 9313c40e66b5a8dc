"""Providers that an operator took out of the chain without a deploy: ``SWITCHES``, ``{name}``.

An item is there for each provider that is switched off, and for no other.
"""

from shared.aws import calls_to
from shared.item_store import ItemStore
from shared.items import to_attribute

_PARTITION = "SWITCHES"


async def switched_off(items: ItemStore) -> frozenset[str]:
    """The names of the providers that are not to be asked. Raises ``DependencyUnavailable``."""
    with calls_to("dynamodb"):
        response = await items.dynamodb.query(
            TableName=items.table,
            KeyConditionExpression="PK = :switches",
            ExpressionAttributeValues={":switches": {"S": _PARTITION}},
            ConsistentRead=True,
        )
    return frozenset(item["SK"]["S"] for item in response["Items"])


async def switch(items: ItemStore, provider: str, *, on: bool, by: str, at: str) -> None:
    """Switch ``provider`` on or off; ``by`` is who did it and ``at`` when (RFC 3339).

    The latest word counts, whoever says it: there is no condition to state. Raises
    ``DependencyUnavailable``.
    """
    key = {"PK": {"S": _PARTITION}, "SK": {"S": provider}}
    with calls_to("dynamodb"):
        if on:
            await items.dynamodb.delete_item(TableName=items.table, Key=key)
        else:
            item = {**key, "by": to_attribute(by), "at": to_attribute(at)}
            await items.dynamodb.put_item(TableName=items.table, Item=item)
