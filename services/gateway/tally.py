"""How many images a user has, counted by DynamoDB without fetching them."""

import time
from typing import Any

from shared.aws import calls_to
from shared.item_store import ItemStore

# DynamoDB reads at most 1 MB a call, some 400 images or more; of a user with more than this many
# megabytes of records only the newest are counted.
COUNT_CALLS = 4


class Tally:
    """Counts images without fetching them."""

    def __init__(self, items: ItemStore) -> None:
        self._items = items

    async def images(self, user_id: str, *, epoch: int) -> tuple[int, bool]:
        """The user's images of this epoch or a newer one, and whether that is all of them."""
        arguments: dict[str, Any] = {
            "TableName": self._items.table,
            "Select": "COUNT",
            "KeyConditionExpression": "#PK = :user AND begins_with(#SK, :image)",
            "FilterExpression": "#ttl > :now AND (attribute_not_exists(#e) OR #e >= :epoch)",
            "ExpressionAttributeNames": {"#PK": "PK", "#SK": "SK", "#ttl": "ttl", "#e": "epoch"},
            "ExpressionAttributeValues": {
                ":user": {"S": f"USER#{user_id}"},
                ":image": {"S": "IMAGE#"},
                ":now": {"N": str(int(time.time()))},
                ":epoch": {"N": str(epoch)},
            },
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        count = 0
        for _ in range(COUNT_CALLS):
            with calls_to("dynamodb"):
                page = await self._items.dynamodb.query(**arguments)
            count += page["Count"]
            if "LastEvaluatedKey" not in page:
                return count, True
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return count, False
