"""As much of DynamoDB, S3 and SQS as the pipeline calls, in memory; every call is one turn.

Conditions are evaluated by moto's own parser. Whatever is not known here fails, so that no new
kind of expression is taken for something else.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from shared.contracts import Message
from tests.unit.pipeline.processes import Crash, Fate, turn

Attributes = dict[str, Any]
Written = Callable[[tuple[str, str], Attributes | None, Attributes | None], None]

_SUM = re.compile(r"(#\w+) \+ (:\w+)")
_KEY_CONDITION = re.compile(r"(\w+) (=|<=) (:\w+)|begins_with\((\w+), (:\w+)\)")


async def effect(act: Callable[[], Any]) -> Any:
    """Make a call: ``act`` happens in one piece, unless the process dies first."""
    fate = await turn()
    result = act()
    if fate is Fate.ORPHANED:
        raise Crash
    return result


def _refused(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": code}, **more}
    return ClientError(response, "call")


def _holds(item: Attributes | None, arguments: dict[str, Any]) -> bool:
    condition = get_filter_expression(
        arguments.get("ConditionExpression"),
        arguments.get("ExpressionAttributeNames"),
        arguments.get("ExpressionAttributeValues"),
    )
    named = {"PK", *arguments.get("ExpressionAttributeNames", {}).values()}
    # moto weighs every attribute it is given.
    known = {name: value for name, value in (item or {}).items() if name in named}
    found = Item(DynamoType({"S": "-"}), None, known)
    return bool(condition.expr(found))


@dataclass
class FakeDynamo:
    """The items of one table. ``written`` hears of every change, before and after."""

    written: Written
    items: dict[tuple[str, str], Attributes] = field(default_factory=dict)

    async def get_item(self, *, Key: Any, **_: Any) -> Any:  # noqa: N803
        found = await effect(lambda: self.items.get(_at(Key)))
        return {"Item": dict(found)} if found else {}

    async def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803
        [(table, asked)] = RequestItems.items()
        keys = [_at(key) for key in asked["Keys"]]
        assert len(keys) == len(set(keys))
        found = await effect(lambda: [dict(self.items[key]) for key in keys if key in self.items])
        return {"Responses": {table: found}}

    async def put_item(self, *, Item: Any, **arguments: Any) -> Any:  # noqa: N803
        await effect(lambda: self._write(_at(Item), lambda _: dict(Item), arguments))

    async def update_item(self, *, Key: Any, **arguments: Any) -> Any:  # noqa: N803
        def update() -> Attributes:
            after = self._write(
                _at(Key), lambda before: _updated(before or dict(Key), arguments), arguments
            )
            return dict(after or {})

        return {"Attributes": await effect(update)}

    async def delete_item(self, *, Key: Any, **arguments: Any) -> Any:  # noqa: N803
        def delete() -> Attributes | None:
            before = self.items.get(_at(Key))
            self._write(_at(Key), lambda _: None, arguments)
            return before

        before = await effect(delete)
        return {"Attributes": before} if before else {}

    async def query(self, **arguments: Any) -> Any:
        return await effect(lambda: self._query(arguments))

    def _query(self, arguments: dict[str, Any]) -> Any:
        values = arguments["ExpressionAttributeValues"]
        found = list(self.items.values())
        for clause in arguments["KeyConditionExpression"].split(" AND "):
            matched = _KEY_CONDITION.fullmatch(clause)
            assert matched, clause
            name, operator, value, prefixed, prefix = matched.groups()
            if prefixed:
                start = values[prefix]["S"]
                found = [item for item in found if item[prefixed]["S"].startswith(start)]
            else:
                found = [item for item in found if _compares(item, name, operator, values[value])]
        if "IndexName" in arguments:
            found = [item for item in found if "active_shard" in item and "check_at" in item]
            found.sort(key=lambda item: Decimal(item["check_at"]["N"]))
        else:
            found.sort(key=lambda item: item["SK"]["S"])
        assert len(found) <= arguments.get("Limit", 1000), "pages are not modelled"
        return {"Items": [dict(item) for item in found]}

    def _write(
        self,
        key: tuple[str, str],
        change: Callable[[Attributes | None], Attributes | None],
        arguments: Any,
    ) -> Attributes | None:
        before = self.items.get(key)
        if "ConditionExpression" in arguments and not _holds(before, arguments):
            shown = {"Item": dict(before)} if before else {}
            raise _refused("ConditionalCheckFailedException", **shown)
        after = change(before)
        if after is None:
            self.items.pop(key, None)
        else:
            self.items[key] = after
        self.written(key, before, after)
        return after


def _at(key: Any) -> tuple[str, str]:
    return key["PK"]["S"], key["SK"]["S"]


def _compares(item: Attributes, name: str, operator: str, value: Any) -> bool:
    if name not in item:
        return False
    if operator == "=":
        return bool(item[name] == value)
    return Decimal(item[name]["N"]) <= Decimal(value["N"])


def _updated(item: Attributes, arguments: dict[str, Any]) -> Attributes:
    names = arguments["ExpressionAttributeNames"]
    values = arguments.get("ExpressionAttributeValues", {})
    sets, _, removes = arguments["UpdateExpression"].removeprefix("SET ").partition("REMOVE ")
    after = dict(item)
    seen: list[str] = []
    for clause in filter(None, sets.strip().split(", ")):
        alias, _, expression = clause.partition(" = ")
        added = _SUM.fullmatch(expression)
        if added:
            # Of a number that is not there, DynamoDB refuses the update; so does a KeyError.
            total = Decimal(item[names[added[1]]]["N"]) + Decimal(values[added[2]]["N"])
            after[names[alias]] = {"N": str(total)}
        else:
            after[names[alias]] = values[expression]
        seen.append(alias)
    for alias in filter(None, removes.split(", ")):
        after.pop(names[alias], None)
        seen.append(alias)
    assert len(seen) == len(set(seen)), "DynamoDB refuses two actions on one attribute"
    return after


@dataclass
class FakeS3:
    """The keys of one versioned bucket, each with one version at most and no marker."""

    keys: set[str] = field(default_factory=set)

    async def put_object(self, *, Key: str, **_: Any) -> Any:  # noqa: N803
        await effect(lambda: self.keys.add(Key))
        return {"VersionId": "v", "ResponseMetadata": {"RetryAttempts": 0}}

    async def head_object(self, *, Key: str, **_: Any) -> Any:  # noqa: N803
        def head() -> Any:
            if Key not in self.keys:
                raise _refused("404")
            return {"VersionId": "v"}

        return await effect(head)

    async def list_object_versions(self, *, Prefix: str, **_: Any) -> Any:  # noqa: N803
        modified = datetime.fromtimestamp(0, UTC)
        found = await effect(lambda: sorted(key for key in self.keys if key.startswith(Prefix)))
        return {
            "Versions": [
                {"Key": key, "VersionId": "v", "LastModified": modified, "IsLatest": True}
                for key in found
            ]
        }

    async def delete_object(self, *, Key: str, **_: Any) -> Any:  # noqa: N803
        await effect(lambda: self.keys.discard(Key))
        return {}

    async def delete_objects(self, *, Delete: Any, **_: Any) -> Any:  # noqa: N803
        doomed = {entry["Key"] for entry in Delete["Objects"]}
        await effect(lambda: self.keys.difference_update(doomed))
        return {}


@dataclass(eq=False)
class Envelope:
    """A message on a queue, in somebody's hands or not."""

    message: Message
    receives: int = 0
    in_flight: bool = False


@dataclass
class FakeQueue:
    """A queue, its publisher and its depth. ``sent`` is all that was ever on it."""

    envelopes: list[Envelope] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)

    async def publish(self, message: Message) -> None:
        def send() -> None:
            self.envelopes.append(Envelope(message))
            self.sent.append(message)

        await effect(send)

    async def get_queue_attributes(self, **_: Any) -> Any:
        def depth() -> dict[str, str]:
            hidden = sum(envelope.in_flight for envelope in self.envelopes)
            return {
                "ApproximateNumberOfMessages": str(len(self.envelopes) - hidden),
                "ApproximateNumberOfMessagesDelayed": "0",
                "ApproximateNumberOfMessagesNotVisible": str(hidden),
            }

        return {"Attributes": await effect(depth)}
