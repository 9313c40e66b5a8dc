"""Image records in DynamoDB, as the gateway reads and writes them; every write has its condition.

Records of an epoch older than their owner's are not there for any reader. What a worker does to a
record it holds is in ``leases``.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from shared.aws import calls_to, error_code
from shared.control_items import ControlItems, Standing, epoch_of, standing_of
from shared.errors import StaleRecord
from shared.item_store import Item, ItemKey, ItemStore
from shared.items import Update, from_item, image_key, is_expired, related_keys, to_item
from shared.records import LOST_MESSAGE_S, ImageRecord, Status

if TYPE_CHECKING:
    from types_aiobotocore_dynamodb import DynamoDBClient

Key = tuple[str, str]  # user id, image id


@dataclass(frozen=True, slots=True)
class Found:
    """A record as stored, hidden or not, how its owner stands, and the sort keys of what goes
    with the image.
    """

    record: ImageRecord
    owner: Standing
    related: tuple[str, ...]

    @property
    def is_erased(self) -> bool:
        """Whether its owner has deleted everything since."""
        return self.record.epoch < self.owner.epoch


@dataclass(frozen=True, slots=True)
class Page:
    """Images as stored, newest first; ``position`` is where the next page begins, if any does."""

    items: list[Item]
    position: str | None

    @property
    def records(self) -> list[ImageRecord]:
        """Its records, made anew: most of what a page costs that need only be told from others."""
        return [from_item(item) for item in self.items]


class ConditionFailed(StaleRecord):
    """The condition of a write does not hold. ``record`` is the one found, ``None`` if gone."""

    def __init__(self, record: ImageRecord | None) -> None:
        super().__init__("the record is gone, or has moved on")
        self.record = record


class RecordStore:
    """Image records of one DynamoDB table.

    ``control`` tells the epochs of their owners; without it none is ever older.
    """

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        *,
        control: ControlItems | None = None,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._items = ItemStore(dynamodb, table)
        self._control = control
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

    async def remove(
        self, user_id: str, image_id: str, *, before: int | None = None
    ) -> dict[str, Any]:
        """Delete a record, if there is one; the item as it was, empty if there was none.

        Raises ``StaleRecord`` if its epoch is not older than ``before``.
        """
        unless_newer = Update()
        if before is not None:
            unless_newer.when("attribute_not_exists({epoch}) OR {epoch} < :before", before=before)
        item = await self._items.delete(image_key(user_id, image_id), unless_newer)
        if item is None:
            raise StaleRecord("the record is of a newer epoch")
        return item

    async def epoch(self, user_id: str) -> int:
        """The user's epoch, strongly consistent."""
        return (await self.standing(user_id)).epoch

    async def standing(self, user_id: str) -> Standing:
        """How the user stands, strongly consistent."""
        return await self._control.standing(user_id) if self._control is not None else Standing()

    async def standing_beside(self, user_id: str, key: ItemKey | None) -> tuple[Standing, Item]:
        """The same with the item at ``key``, in one call; empty if there is none."""
        if self._control is not None:
            return await self._control.standing_beside(user_id, key)
        return Standing(), await self._items.read(key) if key is not None else {}

    async def get(self, user_id: str, image_id: str) -> ImageRecord | None:
        """The record, strongly consistent; ``None`` if there is none, or none to be seen."""
        return (await self.get_many([(user_id, image_id)])).get((user_id, image_id))

    async def get_many(self, ids: list[Key]) -> dict[Key, ImageRecord]:
        """The records of ``(user_id, image_id)``, strongly consistent; those that are gone, past
        their retention or of an older epoch are missing.
        """
        now = self._clock()
        return {
            key: found.record
            for key, found in (await self.find(ids)).items()
            if not found.is_erased and not found.record.is_expired(now)
        }

    async def find(self, ids: list[Key]) -> dict[Key, Found]:
        """The records of any number of ids, those included that no reader may see."""
        keys: list[ItemKey] = [image_key(*key) for key in ids]
        control = {user_id: self._control_key(user_id) for user_id, _ in ids}
        keys += [key for key in control.values() if key is not None]
        items = await self._items.read_many(keys)
        owners = {
            item["PK"]["S"]: standing_of(item) for item in items if item["SK"]["S"] == "CONTROL"
        }
        found = {}
        for item in items:
            if item["SK"]["S"] != "CONTROL":
                record = from_item(item)
                key = control[record.user_id]
                owner = owners.get(key["PK"]["S"]) if key is not None else None
                found[record.user_id, record.image_id] = Found(
                    record, owner or Standing(), related_keys(item)
                )
        return found

    def _control_key(self, user_id: str) -> dict[str, dict[str, str]] | None:
        return self._control.key(user_id) if self._control is not None else None

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
        page, owner = await asyncio.gather(
            self._page(user_id, limit=limit, position=position, status=status, batch=batch),
            self.standing(user_id),
        )
        items = [item for item in page.items if epoch_of(item) >= owner.epoch]
        # Newest first: what follows a record of an older epoch is older still.
        ended = len(items) < len(page.items)
        return Page(items, None if ended else page.position)

    async def _page(
        self,
        user_id: str,
        *,
        limit: int,
        position: str | None,
        status: Status | None,
        batch: str | None,
    ) -> Page:
        arguments = self._query(user_id, status=status, batch=batch)
        items: list[Item] = []
        start: Any = image_key(user_id, position) if position else None
        for _ in range(2):
            if start is not None:
                arguments["ExclusiveStartKey"] = start
            # Without a filter, what is read is what is answered: read no more than that.
            if status is None and batch is None:
                arguments["Limit"] = limit - len(items)
            with calls_to("dynamodb"):
                response = await self._dynamodb.query(**arguments)
            now = self._clock()
            items += [item for item in response["Items"] if not is_expired(item, now)]
            start = response.get("LastEvaluatedKey")
            if start is None or len(items) >= limit:
                break
        if len(items) > limit:
            items = items[:limit]
            start = items[-1]
        return Page(items, start["SK"]["S"].removeprefix("IMAGE#") if start else None)

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
