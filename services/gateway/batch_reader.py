"""The images of a batch, counted by status where they lie: in their owner's history."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from shared.api import BatchCounts, BatchView
from shared.aws import calls_to
from shared.control_items import ControlItems

if TYPE_CHECKING:
    from types_aiobotocore_dynamodb import DynamoDBClient

# DynamoDB reads 1 MB of a history a page, some three hundred images, whatever their batches.
PAGES_MAX = 40


class BatchReader:
    """Counts the images of batches in one table."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        control: ControlItems,
        *,
        pages: int = PAGES_MAX,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._control = control
        self._pages = pages
        self._clock = clock

    async def view(self, user_id: str, batch: str) -> BatchView:
        """How many images of ``batch`` have which status, newest first until we have read enough.

        Raises ``DependencyUnavailable``.
        """
        owner = await self._control.standing(user_id)
        found: Counter[str] = Counter()
        page: dict[str, Any] = {}
        async for page in self._read(user_id, batch, owner.epoch):
            found.update(item["status"]["S"] for item in page["Items"])
        counts = BatchCounts(total=found.total(), **found)
        return BatchView(batch=batch, counts=counts, complete="LastEvaluatedKey" not in page)

    async def _read(self, user_id: str, batch: str, epoch: int) -> AsyncIterator[dict[str, Any]]:
        arguments: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#PK = :user AND begins_with(#SK, :image)",
            "FilterExpression": "#batch = :batch AND #epoch >= :epoch AND #ttl > :now",
            "ProjectionExpression": "#status",
            "ExpressionAttributeNames": {
                f"#{name}": name for name in ("PK", "SK", "batch", "epoch", "ttl", "status")
            },
            "ExpressionAttributeValues": {
                ":user": {"S": f"USER#{user_id}"},
                ":image": {"S": "IMAGE#"},
                ":batch": {"S": batch},
                ":epoch": {"N": str(epoch)},
                ":now": {"N": str(int(self._clock()))},
            },
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        for _ in range(self._pages):
            with calls_to("dynamodb"):
                page: Any = await self._dynamodb.query(**arguments)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]
