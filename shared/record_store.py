"""Image records in DynamoDB, as the gateway reads and writes them; every write has its condition.

What a worker does to a record it holds is in ``leases``.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from shared.aws import calls_to, error_code
from shared.errors import StaleRecord
from shared.items import Update, from_item, image_key, to_item
from shared.records import LOST_MESSAGE_S, ImageRecord, Status

if TYPE_CHECKING:
    from types_aiobotocore_dynamodb import DynamoDBClient

# DynamoDB takes at most a hundred keys in one BatchGetItem.
BATCH_GET_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Records, newest first. ``position`` is where the next page begins, ``None`` at the end."""

    records: list[ImageRecord]
    position: str | None


class ConditionFailed(StaleRecord):
    """The condition of a write does not hold. ``record`` is the one found, ``None`` if gone."""

    def __init__(self, record: ImageRecord | None) -> None:
        super().__init__("the record is gone, or has moved on")
        self.record = record


class RecordStore:
    """Image records of one DynamoDB table."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        *,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    async def create(self, record: ImageRecord) -> None:
        """Store a new record. Raises ``StaleRecord`` if its id is taken."""
        try:
            with calls_to("dynamodb"):
                await self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_item(record),
                    ConditionExpression="attribute_not_exists(PK)",
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            raise StaleRecord("an image of this id exists") from error

    async def mark_sent(self, record: ImageRecord) -> None:
        """Note that the message of the record's current hop is on its queue.

        Losing this write is harmless: the sweeper sends once more, and claims keep it single.
        """
        update = (
            Update()
            .set(sent=True, check_at=self._clock() + LOST_MESSAGE_S)
            .when("{job} = :job", job=record.job)
            .when("{status} = :status", status=record.status)
            .when("{sent} = :unsent", unsent=False)
        )
        try:
            await self.update(record.user_id, record.image_id, update)
        except ConditionFailed:
            return  # the next stage was quicker: the message is where it belongs

    async def discard(self, record: ImageRecord) -> None:
        """Delete a record that never became a job: still queued, and for the same job.

        One that is not there is fine. Raises ``StaleRecord`` if a worker has taken it up.
        """
        try:
            with calls_to("dynamodb"):
                await self._dynamodb.delete_item(
                    TableName=self._table,
                    Key=image_key(record.user_id, record.image_id),
                    ConditionExpression=(
                        "attribute_not_exists(PK) OR (#job = :job AND #status = :queued)"
                    ),
                    ExpressionAttributeNames={"#job": "job", "#status": "status"},
                    ExpressionAttributeValues={
                        ":job": {"S": record.job},
                        ":queued": {"S": Status.QUEUED},
                    },
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            raise StaleRecord("a worker has this image already") from error

    async def update(self, user_id: str, image_id: str, update: Update) -> ImageRecord:
        """Write ``update`` if its condition holds, and return the record as it is now.

        Raises ``ConditionFailed`` with the record that stood in the way, if there is one.
        """
        try:
            with calls_to("dynamodb"):
                response = await self._dynamodb.update_item(
                    TableName=self._table,
                    Key=image_key(user_id, image_id),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **update.arguments(),
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            item = cast("dict[str, Any] | None", error.response.get("Item"))
            raise ConditionFailed(from_item(item) if item else None) from error
        return from_item(response["Attributes"])

    async def get(self, user_id: str, image_id: str) -> ImageRecord | None:
        """The record, strongly consistent; ``None`` if there is none or its retention is over."""
        with calls_to("dynamodb"):
            response = await self._dynamodb.get_item(
                TableName=self._table, Key=image_key(user_id, image_id), ConsistentRead=True
            )
        item = response.get("Item")
        return self._visible(from_item(item)) if item else None

    async def get_many(self, ids: list[tuple[str, str]]) -> dict[tuple[str, str], ImageRecord]:
        """The records of up to a hundred ``(user_id, image_id)``; those that are gone are missing.

        Keys that DynamoDB leaves unprocessed under load are missing too: ask again.
        """
        if len(ids) > BATCH_GET_LIMIT:
            raise ValueError(f"at most {BATCH_GET_LIMIT} records at once")
        keys: Any = [image_key(user_id, image_id) for user_id, image_id in ids]
        with calls_to("dynamodb"):
            response = await self._dynamodb.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
        found = (from_item(item) for item in response["Responses"].get(self._table, []))
        return {
            (record.user_id, record.image_id): record for record in found if self._visible(record)
        }

    async def page(
        self,
        user_id: str,
        *,
        limit: int,
        position: str | None = None,
        status: Status | None = None,
        batch: str | None = None,
    ) -> Page:
        """A page of the user's records, newest first.

        A filtered page may be short, or empty, and still have a position: DynamoDB filters what
        it has read, at most 1 MB a call, and we make at most two calls for a page.
        ``position`` is the id of the last image of the page before.
        """
        arguments = self._query(user_id, status=status, batch=batch)
        records: list[ImageRecord] = []
        start: Any = image_key(user_id, position) if position else None
        for _ in range(2):
            if start is not None:
                arguments["ExclusiveStartKey"] = start
            # Without a filter, what is read is what is answered: read no more than that.
            if status is None and batch is None:
                arguments["Limit"] = limit - len(records)
            with calls_to("dynamodb"):
                response = await self._dynamodb.query(**arguments)
            visible = (self._visible(from_item(item)) for item in response["Items"])
            records += [record for record in visible if record is not None]
            start = response.get("LastEvaluatedKey")
            if start is None or len(records) >= limit:
                break
        if len(records) > limit:
            records = records[:limit]
            start = image_key(user_id, records[-1].image_id)
        return Page(records, start["SK"]["S"].removeprefix("IMAGE#") if start else None)

    def _query(self, user_id: str, *, status: Status | None, batch: str | None) -> dict[str, Any]:
        names = {"#PK": "PK", "#SK": "SK"}
        values: dict[str, Any] = {":user": {"S": f"USER#{user_id}"}, ":image": {"S": "IMAGE#"}}
        filters = []
        for name, wanted in (("status", status), ("batch", batch)):
            if wanted is not None:
                names[f"#{name}"] = name
                values[f":{name}"] = {"S": str(wanted)}
                filters.append(f"#{name} = :{name}")
        arguments: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "#PK = :user AND begins_with(#SK, :image)",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        if filters:
            arguments["FilterExpression"] = " AND ".join(filters)
        return arguments

    def _visible(self, record: ImageRecord) -> ImageRecord | None:
        return None if record.is_expired(self._clock()) else record
