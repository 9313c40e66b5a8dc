"""DynamoDB in memory: items of one table by ``PK`` and ``SK``, and the calls our services make.

A call is a function of the request's JSON that returns the answer's, or raises ``Refused``.
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from benchmarks.stub.expressions import Item, Scope, condition, update

Request = Mapping[str, Any]
Answer = dict[str, Any]

_EQUALS = re.compile(r"(#?\w+) = (:\w+)")


class Refused(Exception):
    """An error that AWS answers: ``body`` with status 400."""

    def __init__(self, code: str, **others: Any) -> None:
        super().__init__(code)
        self.body = {
            "__type": f"com.amazonaws.dynamodb.v20120810#{code}",
            "message": "The conditional request failed" if "Check" in code else code,
            **others,
        }


class Tables:
    """All tables as one: nothing of ours has two."""

    def __init__(self) -> None:
        self._items: defaultdict[str, dict[str, Item]] = defaultdict(dict)  # by PK, then SK
        self._order: defaultdict[str, list[str]] = defaultdict(list)  # sort keys, ascending
        self.calls: dict[str, Callable[[Request], Answer]] = {
            "GetItem": self._get_item,
            "PutItem": self._put_item,
            "UpdateItem": self._update_item,
            "DeleteItem": self._delete_item,
            "BatchGetItem": self._batch_get_item,
            "Query": self._query,
        }

    def load(self, items: Iterable[Item]) -> None:
        """Store ``items``, in DynamoDB's JSON with their keys."""
        for item in items:
            self._store(item)

    def find(self, key: Request) -> Item | None:
        """The item at ``key``, or ``None``."""
        return self._items.get(key["PK"]["S"], {}).get(key["SK"]["S"])

    def _store(self, item: Item) -> None:
        partition, sort = item["PK"]["S"], item["SK"]["S"]
        if sort not in self._items[partition]:
            insort(self._order[partition], sort)
        self._items[partition][sort] = item

    def _remove(self, key: Request) -> None:
        partition, sort = key["PK"]["S"], key["SK"]["S"]
        if self._items[partition].pop(sort, None) is not None:
            self._order[partition].remove(sort)

    def _get_item(self, request: Request) -> Answer:
        found = self.find(request["Key"])
        return {} if found is None else {"Item": found}

    def _put_item(self, request: Request) -> Answer:
        self._check(request, self.find(request["Item"]))
        self._store(request["Item"])
        return {}

    def _update_item(self, request: Request) -> Answer:
        found = self.find(request["Key"])
        self._check(request, found)
        before = {**request["Key"], **(found or {})}
        item = update(request["UpdateExpression"])(_scope(before, request))
        self._store(item)
        return {"Attributes": item} if request.get("ReturnValues") == "ALL_NEW" else {}

    def _delete_item(self, request: Request) -> Answer:
        found = self.find(request["Key"])
        self._check(request, found)
        self._remove(request["Key"])
        return {"Attributes": found} if found and request.get("ReturnValues") == "ALL_OLD" else {}

    def _batch_get_item(self, request: Request) -> Answer:
        return {
            "Responses": {
                table: [
                    _projected(found, wanted)
                    for key in wanted["Keys"]
                    if (found := self.find(key)) is not None
                ]
                for table, wanted in request["RequestItems"].items()
            },
            "UnprocessedKeys": {},
        }

    def _query(self, request: Request) -> Answer:
        """A query of one partition by its key; indexes, and the limit of 1 MB, there are none."""
        partition = _partition(request)
        order = self._order.get(partition, [])
        start = request.get("ExclusiveStartKey")
        if request.get("ScanIndexForward", True):
            rest = order[bisect_right(order, start["SK"]["S"]) :] if start else order
        else:
            rest = (order[: bisect_left(order, start["SK"]["S"])] if start else order)[::-1]
        wanted = condition(request["KeyConditionExpression"])
        filtered = condition(request["FilterExpression"]) if "FilterExpression" in request else None
        limit = request.get("Limit", len(rest))
        items: list[Item] = []
        scanned, last = 0, None
        for sort in rest:
            item = self._items[partition][sort]
            if not wanted(_scope(item, request)):
                continue
            if scanned == limit:
                return {**_page(items, scanned), "LastEvaluatedKey": last}
            scanned += 1
            last = {"PK": item["PK"], "SK": item["SK"]}
            if filtered is None or filtered(_scope(item, request)):
                items.append(item)
        return _page(items, scanned)

    def _check(self, request: Request, found: Item | None) -> None:
        text = request.get("ConditionExpression")
        if text is None or condition(text)(_scope(found or {}, request)):
            return
        old = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and found
        raise Refused("ConditionalCheckFailedException", **({"Item": found} if old else {}))


def _partition(request: Request) -> str:
    if "IndexName" in request:
        raise NotImplementedError("a query of an index")
    names = request.get("ExpressionAttributeNames", {})
    for name, value in _EQUALS.findall(request["KeyConditionExpression"]):
        if names.get(name, name) == "PK":
            return str(request["ExpressionAttributeValues"][value]["S"])
    raise NotImplementedError(request["KeyConditionExpression"])


def _projected(item: Item, request: Request) -> Item:
    if "ProjectionExpression" not in request:
        return item
    aliases = request.get("ExpressionAttributeNames", {})
    names = [name.strip() for name in request["ProjectionExpression"].split(",")]
    return {name: item[name] for it in names if (name := aliases.get(it, it)) in item}


def _scope(item: Item, request: Request) -> Scope:
    return Scope(
        item,
        request.get("ExpressionAttributeNames", {}),
        request.get("ExpressionAttributeValues", {}),
    )


def _page(items: list[Item], scanned: int) -> Answer:
    return {"Items": items, "Count": len(items), "ScannedCount": scanned}
