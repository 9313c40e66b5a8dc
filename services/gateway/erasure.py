"""Deleting all that a user had before an epoch, page by page, and counting it right.

Each page is counted and the count stored before anything on it is deleted, and the deletion goes on
from what was stored: whoever dies in the middle, nothing is counted twice and nothing is left.
Objects go before items, because the record tells to which epoch an object belongs.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from services.gateway.erasure_jobs import Erasure, ErasureJobs, Held
from services.gateway.identifiers import made_at
from shared.aws import calls_to
from shared.control_items import epoch_of
from shared.item_store import Item, ItemStore
from shared.items import Update
from shared.object_store import ObjectStore, VersionPage, user_prefixes
from shared.record_store import RecordStore

ITEMS_A_PAGE = 500
DELETES_AT_ONCE = 16
# An upload gets its id a moment before it learns its epoch: what has no record yet and is this
# young belongs to nobody for now. Its worker knows, and so does the second purge.
UNDECIDED_S = 2.0
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Eraser:
    """Works on deletions that its caller holds."""

    def __init__(
        self,
        jobs: ErasureJobs,
        items: ItemStore,
        records: RecordStore,
        objects: ObjectStore,
        *,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._jobs = jobs
        self._items = items
        self._records = records
        self._objects = objects
        self._clock = clock

    async def run(self, held: Held) -> None:
        """Do what is left of a deletion, or its second purge.

        Raises ``StaleRecord`` if another worker took it over, ``DependencyUnavailable`` if AWS
        does not answer; either way it can be taken up again where it was left.
        """
        user_id = held.erasure.user_id
        if user_id is None:
            await self._jobs.close(held)
            return
        prefixes = user_prefixes(user_id)
        while held.erasure.phase < len(prefixes):
            held = await self._erase_objects(held, user_id, prefixes[held.erasure.phase])
        held = await self._erase_items(held, user_id)
        if held.erasure.status == "completed":
            await self._jobs.close(held)
        else:
            await self._jobs.complete(
                _with(held, status="completed", completed_at=self._clock(), phase=0)
            )

    async def _erase_objects(self, held: Held, user_id: str, prefix: str) -> Held:
        """Erase what is under ``prefix``; the deletion, moved on to its next phase."""
        counted = held.erasure.counted_to
        while True:
            cursor = cast("tuple[str, str] | None", held.erasure.cursor)
            page = _whole_keys(await self._objects.versions(prefix, after=cursor))
            doomed = await self._doomed(held.erasure, user_id, prefix, page)
            if doomed:
                held = await self._counted(held, _count_objects(held.erasure, doomed, counted))
                counted = None
                await self._objects.delete(doomed)
            if page.following is None:
                return _with(held, phase=held.erasure.phase + 1, cursor=None, counted_to=None)
            if not doomed:
                # Only past what stays: what was deleted makes room for what comes after it.
                held = await self._counted(held, {"cursor": page.following})

    async def _doomed(
        self, erasure: Erasure, user_id: str, prefix: str, page: VersionPage
    ) -> list[tuple[str, str]]:
        def image_of(key: str) -> str:
            return key.removeprefix(prefix).partition("/")[0]

        ids = {image_of(key) for key, _ in page.versions}
        found = await self._records.find([(user_id, image_id) for image_id in ids])
        epochs = {image_id: found.record.epoch for (_, image_id), found in found.items()}
        return sorted(
            (key, version)
            for key, version in page.versions
            if _is_past(erasure, epochs.get(image_of(key)), image_of(key))
        )

    async def _erase_items(self, held: Held, user_id: str) -> Held:
        """Erase what is in the user's partition."""
        counted = held.erasure.counted_to
        while True:
            items, following = await self._partition(user_id, held.erasure.cursor)
            doomed = [item for item in items if _is_past_item(held.erasure, item)]
            if doomed:
                held = await self._counted(held, _count_items(held.erasure, doomed, counted))
                counted = None
                await self._delete(held.erasure, doomed)
            if following is None:
                return _with(held, cursor=None, counted_to=None)
            held = await self._counted(held, {"cursor": (following,)})

    async def _partition(
        self, user_id: str, cursor: tuple[str, ...] | None
    ) -> tuple[list[Item], str | None]:
        partition = {"S": f"USER#{user_id}"}
        start: dict[str, Any] = (
            {"ExclusiveStartKey": {"PK": partition, "SK": {"S": cursor[0]}}} if cursor else {}
        )
        with calls_to("dynamodb"):
            response = await self._items.dynamodb.query(
                TableName=self._items.table,
                KeyConditionExpression="PK = :user",
                ExpressionAttributeValues={":user": partition},
                ProjectionExpression="PK, SK, epoch, image_id",
                ConsistentRead=True,
                Limit=ITEMS_A_PAGE,
                **start,
            )
        following = response.get("LastEvaluatedKey")
        return cast("list[Item]", response["Items"]), following["SK"]["S"] if following else None

    async def _delete(self, erasure: Erasure, items: Iterable[Item]) -> None:
        slots = asyncio.Semaphore(DELETES_AT_ONCE)

        async def delete(item: Item) -> None:
            # The same key may belong to a newer epoch by now.
            unless_newer = Update().when(
                "attribute_not_exists({epoch}) OR {epoch} < :epoch", epoch=erasure.epoch
            )
            if "image_id" in item:
                unless_newer.when("{image_id} = :image", image=item["image_id"]["S"])
            async with slots:
                await self._items.delete({"PK": item["PK"], "SK": item["SK"]}, unless_newer)

        await asyncio.gather(*map(delete, items))

    async def _counted(self, held: Held, progress: Mapping[str, Any]) -> Held:
        held = _with(held, **progress)
        await self._jobs.save(held)
        return held


def _whole_keys(page: VersionPage) -> VersionPage:
    """``page`` without a last key that may go on on the next one: what is counted is whole keys."""
    if page.following is None:
        return page
    whole = [(key, version) for key, version in page.versions if key != page.following[0]]
    # All of it is one key's: whoever takes over after this page counts the rest of them not.
    return VersionPage(whole, (max(whole)[0], "")) if whole else page


def _with(held: Held, **progress: Any) -> Held:
    return replace(held, erasure=held.erasure.model_copy(update=progress))


def _is_past(erasure: Erasure, epoch: int | None, image_id: str) -> bool:
    """Whether an image belongs to what is erased. ``epoch`` is its record's, if it has one."""
    if epoch is not None:
        return epoch < erasure.epoch
    undecided = UNDECIDED_S if erasure.status == "running" else 0.0
    return made_at(image_id) <= erasure.requested_at - undecided


def _is_past_item(erasure: Erasure, item: Item) -> bool:
    text = item["image_id"]["S"] if "image_id" in item else item["SK"]["S"]
    image_id = _UUID.search(text)
    epoch = epoch_of(item) if "epoch" in item or item["SK"]["S"].startswith("IMAGE#") else None
    return _is_past(erasure, epoch, image_id[0] if image_id else "")


def _count_objects(
    erasure: Erasure, doomed: list[tuple[str, str]], counted: str | None
) -> dict[str, Any]:
    """What the counts are with ``doomed``, sorted; keys up to ``counted`` are in them already."""
    counted_to = doomed[-1][0]
    if erasure.status == "completed":
        return {"counted_to": counted_to}
    fresh = [key for key, _ in doomed if counted is None or key > counted]
    return {
        "objects": erasure.objects + len(set(fresh) - {erasure.counted_to}),
        "object_versions": erasure.object_versions + len(fresh),
        "counted_to": max(counted_to, erasure.counted_to or ""),
    }


def _count_items(erasure: Erasure, doomed: list[Item], counted: str | None) -> dict[str, Any]:
    keys = [item["SK"]["S"] for item in doomed]
    if erasure.status == "completed":
        return {"counted_to": keys[-1]}
    images = [key for key in keys if key.startswith("IMAGE#")]
    fresh = [key for key in images if counted is None or key > counted]
    return {"records": erasure.records + len(fresh), "counted_to": keys[-1]}
