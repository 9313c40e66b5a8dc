"""Items of one table by key: strongly consistent reads, and writes that state their condition."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from shared.aws import calls_to, error_code
from shared.errors import DependencyUnavailable
from shared.items import Update

if TYPE_CHECKING:
    from types_aiobotocore_dynamodb import DynamoDBClient

# DynamoDB takes at most a hundred keys in one BatchGetItem.
BATCH_GET_LIMIT = 100
BATCH_GET_TRIES = 3
BATCH_GET_PAUSE_S = 0.05

ItemKey = Mapping[str, Any]
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ItemStore:
    """The items of one DynamoDB table."""

    dynamodb: "DynamoDBClient"
    table: str

    async def read(self, key: ItemKey) -> Item:
        """The item at ``key``; empty if there is none."""
        with calls_to("dynamodb"):
            response = await self.dynamodb.get_item(
                TableName=self.table, Key=key, ConsistentRead=True
            )
        return cast("Item", response.get("Item", {}))

    async def read_many(self, keys: list[ItemKey], *, only: Sequence[str] = ()) -> list[Item]:
        """The items at ``keys``, all different; those that are not there are missing.

        With ``only``, no more of each than the attributes of these names.

        Raises ``DependencyUnavailable`` if some stay unread: an item taken for gone could show
        what its owner has deleted.
        """
        slices = [keys[at : at + BATCH_GET_LIMIT] for at in range(0, len(keys), BATCH_GET_LIMIT)]
        parts = await asyncio.gather(*(self._read_slice(part, only) for part in slices))
        return [item for part in parts for item in part]

    async def write(self, key: ItemKey, update: Update) -> Item | None:
        """The item after ``update``, or ``None`` if its condition did not hold."""
        is_written, item = await self.attempt(key, update)
        return item if is_written else None

    async def attempt(self, key: ItemKey, update: Update) -> tuple[bool, Item]:
        """Whether the condition of ``update`` held, and the item after it: changed, or as it
        stood in the way, empty if there is none.
        """
        try:
            with calls_to("dynamodb"):
                response = await self.dynamodb.update_item(
                    TableName=self.table,
                    Key=key,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **update.arguments(),
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False, cast("Item", error.response.get("Item", {}))
        return True, cast("Item", response["Attributes"])

    async def delete(self, key: ItemKey, condition: Update) -> Item | None:
        """Delete what is at ``key``; the item as it was, empty if there was none, or ``None`` if
        ``condition``, an update that sets nothing, did not hold.
        """
        arguments = condition.arguments()
        del arguments["UpdateExpression"]
        try:
            with calls_to("dynamodb"):
                response = await self.dynamodb.delete_item(
                    TableName=self.table, Key=key, ReturnValues="ALL_OLD", **arguments
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return None
        return cast("Item", response.get("Attributes", {}))

    async def _read_slice(self, keys: list[ItemKey], only: Sequence[str]) -> list[Item]:
        items: list[Item] = []
        asked: dict[str, Any] = {"Keys": keys, "ConsistentRead": True}
        if only:
            # By aliases, since many a name of ours is a reserved word.
            asked["ExpressionAttributeNames"] = {f"#{name}": name for name in only}
            asked["ProjectionExpression"] = ", ".join(f"#{name}" for name in only)
        wanted: Any = {self.table: asked}
        for attempt in range(BATCH_GET_TRIES):
            if attempt:
                await asyncio.sleep(BATCH_GET_PAUSE_S * 2**attempt)
            with calls_to("dynamodb"):
                response = await self.dynamodb.batch_get_item(RequestItems=wanted)
            items += response["Responses"].get(self.table, [])
            wanted = response.get("UnprocessedKeys")
            if not wanted:
                return items
        raise DependencyUnavailable("dynamodb")
