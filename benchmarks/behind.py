"""Photos that lie behind a stack: copies of one that went through it, put straight into its table.

A copy is as complete as our own code writes a photo, because our code wrote the original: record
and cached captions, under ids, keys and times of its own. Ten thousand would take a quarter of an
hour to be sent through.
"""

import secrets
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.stack import Stack
from services.gateway.identifiers import ImageIds
from shared.items import from_item, image_key, related_keys, to_item, user_key
from shared.object_store import image_object_key, upload_key
from shared.records import ImageRecord, StoredImage, timestamp

Item = dict[str, Any]

OBJECTS = ("original", "thumbnail", "model_input")

_AT_ONCE = 4
_PUTS_A_CALL, _GETS_A_CALL = 25, 100  # BatchWriteItem and BatchGetItem take no more
_LOOK_S = 0.1
_WITHIN_S = 60.0
_AGO_S = 3600.0
_APART_S = 60.0  # from one photo of a user to the next


@dataclass(frozen=True)
class Original:
    """A finished photo as it is stored, and its user's control item."""

    record: ImageRecord
    captions: Item
    control: Item

    def copies(self, user_id: str, count: int) -> list[Item]:
        """All items of another user with so many photos like this one, the latest an hour old."""
        records = list(_copies(self.record, user_id, count))
        return [
            {**self.control, "PK": {"S": f"CONTROL#{secrets.token_hex(32)}"}},
            *map(to_item, records),
            *(self._captions_of(record) for record in records),
        ]

    def _captions_of(self, record: ImageRecord) -> Item:
        key = user_key(record.user_id, f"CAPTION#{record.cache_keys[-1]}")
        return {**self.captions, **key, "image_id": {"S": record.image_id}}


class Store:
    """The table of a running stack."""

    def __init__(self, stack: Stack) -> None:
        values = stack.values
        session = boto3.Session(
            values["AWS_ACCESS_KEY_ID"], values["AWS_SECRET_ACCESS_KEY"], None, values["AWS_REGION"]
        )
        # To validate what was read from there takes longer than to send it.
        config = Config(parameter_validation=False, max_pool_connections=_AT_ONCE)
        self._dynamodb = session.client(
            "dynamodb", endpoint_url=values["AWS_ENDPOINT_URL"], config=config
        )
        self._table = values["RECORDS_TABLE"]

    def wait(self, user_id: str, image_ids: Sequence[str]) -> None:
        """Return once all are completed; no service is asked. Raises ValueError if a photo fails,
        TimeoutError after a minute.
        """
        keys = [image_key(user_id, each) for each in image_ids]
        give_up_at = time.monotonic() + _WITHIN_S
        while time.monotonic() < give_up_at:
            statuses = [item["status"]["S"] for item in self._read(keys)]
            if statuses.count("completed") == len(keys):
                return
            if "failed" in statuses:
                raise ValueError("a photo failed")
            time.sleep(_LOOK_S)
        raise TimeoutError(f"not all of {len(keys)} photos have their captions")

    def original(self, user_id: str, image_id: str) -> Original:
        """A finished photo, while its user is the only one who has sent any."""
        found = self._read([image_key(user_id, image_id)])[0]
        (captions,) = self._read([user_key(user_id, key) for key in related_keys(found)])
        (control,) = self._dynamodb.scan(
            TableName=self._table,
            FilterExpression="SK = :control",
            ExpressionAttributeValues={":control": {"S": "CONTROL"}},
        )["Items"]
        return Original(from_item(found), captions, control)

    def put(self, items: Sequence[Item]) -> None:
        """Store items, whatever was there."""
        self._write([{"PutRequest": {"Item": item}} for item in items])

    def remove(self, user_id: str, image_ids: Sequence[str]) -> None:
        """Forget finished photos, so that what lies behind the stack is what it was."""
        keys = [image_key(user_id, each) for each in image_ids]
        cached = [user_key(user_id, key) for item in self._read(keys) for key in related_keys(item)]
        self._write([{"DeleteRequest": {"Key": key}} for key in (*keys, *cached)])

    def _read(self, keys: Sequence[Mapping[str, Any]]) -> list[Item]:
        found: list[Item] = []
        for at in range(0, len(keys), _GETS_A_CALL):
            wanted = {"Keys": keys[at : at + _GETS_A_CALL], "ConsistentRead": True}
            answer = self._dynamodb.batch_get_item(RequestItems={self._table: wanted})
            found += answer["Responses"][self._table]
        return found

    def _write(self, requests: Sequence[Mapping[str, Any]]) -> None:
        parts = [requests[at : at + _PUTS_A_CALL] for at in range(0, len(requests), _PUTS_A_CALL)]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(self._write_part, parts))

    def _write_part(self, requests: Sequence[Mapping[str, Any]]) -> None:
        answer = self._dynamodb.batch_write_item(RequestItems={self._table: requests})
        if answer.get("UnprocessedItems"):
            raise ValueError("the table did not take everything")


def _copies(photo: ImageRecord, user_id: str, count: int) -> Iterator[ImageRecord]:
    """Records like that of ``photo`` with ids, keys and times of their own, the oldest first."""
    latest = time.time() - _AGO_S
    moments = [latest - _APART_S * age for age in reversed(range(count))]
    ids = ImageIds(clock=iter(moments).__next__)
    for moment in moments:
        image_id = ids.new()
        written = timestamp(datetime.fromtimestamp(moment, UTC))
        changes: dict[str, object] = {
            "user_id": user_id,
            "image_id": image_id,
            "job": uuid.uuid4().hex,
            "timestamp": written,
            "updated_at": written,
            "upload_key": upload_key(user_id, image_id),
            "upload_sha256": secrets.token_hex(32),
            "cache_keys": tuple(secrets.token_hex(32) for _ in photo.cache_keys),
        }
        for name in OBJECTS:
            stored: StoredImage = getattr(photo, name)
            file = stored.key.rpartition("/")[2]
            key = image_object_key(user_id, image_id, file)
            changes[name] = stored.model_copy(update={"key": key})
        yield photo.model_copy(update=changes)
