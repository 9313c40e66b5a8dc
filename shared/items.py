"""Records as DynamoDB items and back: the only place that knows the names of keys and indexes."""

import math
import re
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from pydantic import BaseModel

from shared.records import ACTIVE_SHARDS, ImageRecord

ACTIVE_INDEX = "active"

_deserializer = TypeDeserializer()
_FIELD = re.compile(r"\{(\w+)\}")


def image_key(user_id: str, image_id: str) -> dict[str, dict[str, str]]:
    """The primary key of an image's record."""
    return {"PK": {"S": f"USER#{user_id}"}, "SK": {"S": f"IMAGE#{image_id}"}}


def tombstone_key(user_id: str, image_id: str) -> dict[str, dict[str, str]]:
    """The primary key of the tombstone of a deleted image."""
    return user_key(user_id, f"DELETED#{image_id}")


def user_key(user_id: str, sort_key: str) -> dict[str, dict[str, str]]:
    """The primary key of one of a user's items."""
    return {"PK": {"S": f"USER#{user_id}"}, "SK": {"S": sort_key}}


def related_keys(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The sort keys of the items that go with an image: its idempotency key, its cached captions.

    ``item`` is the image's record as stored.
    """
    sent_under = [item["idempotency_key"]] if "S" in item.get("idempotency_key", {}) else []
    cached_under = item.get("cache_keys", {}).get("L", [])
    return (
        *(f"IDEMPOTENCY#{key['S']}" for key in sent_under),
        *(f"CAPTION#{key['S']}" for key in cached_under),
    )


def active_shard(name: str) -> str:
    """The partition of the sparse index in which an unfinished item is found by the sweeper.

    ``name`` is what spreads the items: an image's id, a deletion's id.
    """
    return shard_name(zlib.crc32(name.encode()) % ACTIVE_SHARDS)


def shard_name(number: int) -> str:
    """The partition key of the sparse index's shard ``number``."""
    return f"{number:02d}"


def to_attribute(value: object) -> dict[str, Any]:
    """A Python value, or a pydantic model, as a DynamoDB attribute value."""
    match value:
        case BaseModel():
            return to_attribute(value.model_dump(mode="json", exclude_none=True))
        case dict():
            return {"M": {name: to_attribute(inner) for name, inner in value.items()}}
        case list() | tuple():
            return {"L": [to_attribute(inner) for inner in value]}
        case _:
            return _scalar(value)


def _scalar(value: object) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case bool():  # an int too, as Python has it
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case float() if math.isfinite(value):
            # DynamoDB refuses what is nearer to zero than 1e-130; what we store (confidences,
            # dollars, Unix times) has no meaning past nine decimals.
            return {"N": str(Decimal(repr(round(value, 9))))}
        case None:
            return {"NULL": True}
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a record")


def to_item(record: ImageRecord) -> dict[str, Any]:
    """The whole item of a record that is not stored yet."""
    fields = record.model_dump(mode="json", exclude_none=True)
    item: dict[str, Any] = {name: to_attribute(value) for name, value in fields.items()}
    item |= image_key(record.user_id, record.image_id)
    if record.check_at is not None:
        item["active_shard"] = {"S": active_shard(record.image_id)}
    return item


def from_item(item: Mapping[str, Any]) -> ImageRecord:
    """The record in an item. Raises ``pydantic.ValidationError`` if it is no image's record."""
    return ImageRecord.model_validate(plain(item))


def version_of(item: Mapping[str, Any]) -> tuple[str, int]:
    """The id of an image and the version of its record, by its item."""
    return item["image_id"]["S"], int(item["version"]["N"])


def is_expired(item: Mapping[str, Any], now: float) -> bool:
    """``ImageRecord.is_expired`` of the record in an item."""
    return int(item["ttl"]["N"]) <= now


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of an item as Python values."""
    return {name: _native(value) for name, value in item.items()}


def _native(attribute: Mapping[str, Any]) -> object:
    """What boto3 makes of an attribute value, but for its numbers: fewer steps, no decimals."""
    if "S" in attribute:
        return attribute["S"]
    if "N" in attribute:
        return _number(attribute["N"])
    if "M" in attribute:
        return plain(attribute["M"])
    if "L" in attribute:
        return [_native(inner) for inner in attribute["L"]]
    return _deserializer.deserialize(attribute)


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        return int(number) if number.is_integer() else number


class Update:
    """A conditional ``UpdateItem``, built piece by piece.

    Every name is aliased, because half of ours (``status``, ``timestamp``, ``labels`` …) are
    reserved words of DynamoDB.
    """

    def __init__(self) -> None:
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._conditions: list[str] = []
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def set(self, **fields: object) -> "Update":
        """Set each field; one whose value is ``None`` is removed."""
        for name, value in fields.items():
            if value is None:
                self._removes.append(self._name(name))
            else:
                self._sets.append(f"{self._name(name)} = {self._value(value)}")
        return self

    def add(self, name: str, amount: int) -> "Update":
        """Add ``amount`` to a number that is there."""
        alias = self._name(name)
        self._sets.append(f"{alias} = {alias} + {self._value(amount)}")
        return self

    def when(self, template: str, **operands: object) -> "Update":
        """Condition the write: ``{x}`` is the field named x, ``:x`` the operand of that name.

        ``when("{job} = :job", job="j1")`` reads as it writes.
        """
        text = template
        for name, value in operands.items():
            text = re.sub(rf":{name}\b", self._value(value), text)
        for field in sorted(set(_FIELD.findall(template))):
            text = text.replace("{" + field + "}", self._name(field))
        self._conditions.append(f"({text})")
        return self

    def when_in(self, name: str, values: Iterable[object]) -> "Update":
        """Condition the write on a field being one of ``values``."""
        options = ", ".join(self._value(value) for value in values)
        self._conditions.append(f"{self._name(name)} IN ({options})")
        return self

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of ``update_item`` but for table and key."""
        expression = "SET " + ", ".join(self._sets) if self._sets else ""
        if self._removes:
            expression += " REMOVE " + ", ".join(self._removes)
        arguments: dict[str, Any] = {"UpdateExpression": expression.strip()}
        # DynamoDB refuses what is empty.
        if self._conditions:
            arguments["ConditionExpression"] = " AND ".join(self._conditions)
        if self._names:
            arguments["ExpressionAttributeNames"] = self._names
        if self._values:
            arguments["ExpressionAttributeValues"] = self._values
        return arguments

    def _name(self, field: str) -> str:
        alias = f"#{field}"
        self._names[alias] = field
        return alias

    def _value(self, value: object) -> str:
        alias = f":v{len(self._values)}"
        self._values[alias] = to_attribute(value)
        return alias
