"""Records as DynamoDB items and back: the only place that knows the names of keys and indexes."""

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import BaseModel

from shared.records import ACTIVE_SHARDS, ImageRecord

ACTIVE_INDEX = "active"

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()
_FIELD = re.compile(r"\{(\w+)\}")


def image_key(user_id: str, image_id: str) -> dict[str, dict[str, str]]:
    """The primary key of an image's record."""
    return {"PK": {"S": f"USER#{user_id}"}, "SK": {"S": f"IMAGE#{image_id}"}}


def active_shard(image_id: str) -> str:
    """The partition of the sparse index in which an unfinished image is found by the sweeper."""
    return f"{zlib.crc32(image_id.encode()) % ACTIVE_SHARDS:02d}"


def to_attribute(value: object) -> dict[str, Any]:
    """A Python value, or a pydantic model, as a DynamoDB attribute value."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    # Through JSON, because DynamoDB's numbers are decimals and boto3 refuses floats and tuples.
    plain = json.loads(json.dumps(value, default=_dump), parse_float=_decimal)
    attribute: dict[str, Any] = _serializer.serialize(plain)
    return attribute


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
    return ImageRecord.model_validate(
        {name: _native(_deserializer.deserialize(value)) for name, value in item.items()}
    )


def _decimal(text: str) -> Decimal:
    # DynamoDB refuses what is nearer to zero than 1e-130; what we store (confidences, dollars,
    # Unix times) has no meaning past nine decimals.
    return Decimal(repr(round(float(text), 9)))


def _dump(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    raise TypeError(f"{type(value).__name__} has no place in a record")


def _native(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _native(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_native(inner) for inner in value]
    return value


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
        return {
            "UpdateExpression": expression.strip(),
            "ConditionExpression": " AND ".join(self._conditions),
            "ExpressionAttributeNames": self._names,
            "ExpressionAttributeValues": self._values,
        }

    def _name(self, field: str) -> str:
        alias = f"#{field}"
        self._names[alias] = field
        return alias

    def _value(self, value: object) -> str:
        alias = f":v{len(self._values)}"
        self._values[alias] = to_attribute(value)
        return alias
