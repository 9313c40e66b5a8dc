"""Compares bucket and table: what has the one that the other has not?

A listing is old by the time it is read, so each difference is looked at once more, strongly
consistent and in the order that deletions work in, before it is called one. Nothing is scanned:
the records looked at are those of users who have something under ``images/``.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.gateway.bucket_walk import BucketWalk, ImageObjects
from shared.aws import calls_to
from shared.item_store import ItemStore
from shared.items import plain, tombstone_key
from shared.object_store import ObjectStore, image_object_key
from shared.purging import Purger
from shared.record_store import RecordStore
from shared.records import ImageRecord, Part, Status, StoredImage

DAY_S = 24 * 3600.0
# Younger objects may be of a job that runs, or of a deletion under way.
SAFE_AGE_S = DAY_S
STALE_UPLOAD_S = 2 * DAY_S  # the bucket's own rule removes uploads after one day, at midnight
# The bucket's rule removes objects up to two days before their record's end, and at midnight.
EXPIRY_SLACK_S = 3 * DAY_S
RECORDS_A_PAGE = 500
EXAMPLES = 20  # of each kind of difference
# Removed by one comparison: should table and bucket not belong together, the harm has an end.
MEND_MOST = 1000
_WITH_OBJECTS = frozenset({Status.CAPTIONING, Status.COMPLETED})

Example = tuple[str, str]  # user id, image id


@dataclass(slots=True)
class Difference:
    """How many images differ in one way, and the first of them."""

    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, user_id: str, image_id: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append((user_id, image_id))


@dataclass(slots=True)
class Report:
    """What a comparison found. ``removed`` of the ``orphans`` are gone since."""

    orphans: Difference = field(default_factory=Difference)  # objects, and no record
    incomplete: Difference = field(default_factory=Difference)  # a record, and objects missing
    stale_uploads: Difference = field(default_factory=Difference)
    strange_keys: int = 0
    removed: int = 0
    images: int = 0  # with objects
    records: int = 0  # read

    def counts(self) -> dict[str, int]:
        """The numbers alone."""
        return {
            "images": self.images,
            "records": self.records,
            "orphans": self.orphans.count,
            "removed": self.removed,
            "incomplete": self.incomplete.count,
            "stale_uploads": self.stale_uploads.count,
            "strange_keys": self.strange_keys,
        }


class _Head(Part):
    """As much of a record as the comparison needs."""

    image_id: str
    status: Status
    original: StoredImage | None = None
    thumbnail: StoredImage | None = None
    model_input: StoredImage | None = None


async def nobody_waits() -> None:
    """Nobody wants to know."""


class Reconciler:
    """Compares one bucket and one table. ``mend`` removes orphans, ``mend_most`` at most.
    ``went_on`` is called for each image and each record, and what it raises ends the comparison.
    """

    def __init__(
        self,
        items: ItemStore,
        records: RecordStore,
        objects: ObjectStore,
        purger: Purger,
        *,
        mend: bool,
        mend_most: int = MEND_MOST,
        went_on: Callable[[], Awaitable[None]] = nobody_waits,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._items = items
        self._records = records
        self._objects = objects
        self._purger = purger
        self._mend_most = mend_most if mend else 0
        self._went_on = went_on
        self._clock = clock

    async def run(self) -> Report:
        """Compare, and mend what may be mended. Raises ``DependencyUnavailable``."""
        report = Report()
        walk = BucketWalk(self._objects)
        heads: _Heads | None = None
        async for image in walk.images("images/"):
            report.images += 1
            await self._went_on()
            if heads is None or heads.user_id != image.user_id:
                await self._finish(heads, report)
                heads = _Heads(self._items, image.user_id)
            await self._compare(image, heads, report)
        await self._finish(heads, report)
        async for upload in walk.images("incoming/"):
            await self._went_on()
            if upload.keys and upload.newest.timestamp() < self._clock() - STALE_UPLOAD_S:
                report.stale_uploads.add(upload.user_id, upload.image_id)
        report.strange_keys = walk.strange
        return report

    async def _compare(self, image: ImageObjects, heads: "_Heads", report: Report) -> None:
        """Both streams are in the order of ids: what is passed over has no partner."""
        while (head := await heads.peek()) is not None and head.image_id < image.image_id:
            await self._look_at(image.user_id, head, set(), report)
            heads.drop()
        if head is not None and head.image_id == image.image_id:
            await self._look_at(image.user_id, head, image.keys, report)
            heads.drop()
        elif await self._is_orphan(image):
            report.orphans.add(image.user_id, image.image_id)
            await self._remove(image, report)

    async def _finish(self, heads: "_Heads | None", report: Report) -> None:
        if heads is None:
            return
        while (head := await heads.peek()) is not None:
            await self._look_at(heads.user_id, head, set(), report)
            heads.drop()
        report.records += heads.read

    async def _look_at(self, user_id: str, head: _Head, keys: set[str], report: Report) -> None:
        await self._went_on()
        lacking = head.status in _WITH_OBJECTS and not _keys_of(head) <= keys
        if lacking and await self._is_incomplete(user_id, head.image_id):
            report.incomplete.add(user_id, head.image_id)

    async def _is_orphan(self, image: ImageObjects) -> bool:
        # What the lifecycle has expired is hidden, and its versions and markers go in their time.
        if not image.keys or not self._is_old(image.newest):
            return False
        user_id, image_id = image.user_id, image.image_id
        if await self._records.find([(user_id, image_id)]):
            return False
        # Whose deletion is under way is somebody's already; one of everything counts them, too.
        if (await self._records.standing(user_id)).erasing:
            return False
        if await self._items.read(tombstone_key(user_id, image_id)):
            return False
        # Last, because a deletion of everything removes records last: is it still there?
        left, _ = await self._objects.listing(image_object_key(user_id, image_id, ""))
        return any(each.is_object for each in left) and all(
            self._is_old(each.modified) for each in left
        )

    def _is_old(self, modified: datetime) -> bool:
        return modified.timestamp() <= self._clock() - SAFE_AGE_S

    async def _is_incomplete(self, user_id: str, image_id: str) -> bool:
        """Whether a record that is there to stay lacks an object, as of now."""
        before = await self._visible(user_id, image_id)
        if before is None:
            return False
        # One after the other: a whole image is told by the first that is missing.
        for key in sorted(_keys_of(before)):
            if await self._objects.newest(key) is None:
                break
        else:
            return False
        # A deletion hides the record before it removes an object: if it was one, that shows now.
        after = await self._visible(user_id, image_id)
        return after is not None and _keys_of(after) == _keys_of(before)

    async def _visible(self, user_id: str, image_id: str) -> ImageRecord | None:
        record = await self._records.get(user_id, image_id)
        if record is None or record.status not in _WITH_OBJECTS:
            return None
        return None if record.is_expired(self._clock() + EXPIRY_SLACK_S) else record

    async def _remove(self, image: ImageObjects, report: Report) -> None:
        if report.removed >= self._mend_most:
            return
        user_id, image_id = image.user_id, image.image_id
        epoch = await self._records.epoch(user_id)
        # As after any deletion: with a tombstone, so that it is purged once more.
        await self._purger.tombstones.renew(user_id, image_id, epoch=epoch)
        await self._purger.remove_leftovers(user_id, image_id)
        report.removed += 1


class _Heads:
    """A user's records in the order of their ids, a page at a time."""

    def __init__(self, items: ItemStore, user_id: str) -> None:
        self.user_id = user_id
        self.read = 0
        self._items = items
        self._stream = self._records()
        self._next: _Head | None = None

    async def peek(self) -> _Head | None:
        """The record that comes next; ``None`` at the end."""
        if self._next is None:
            self._next = await anext(self._stream, None)
        return self._next

    def drop(self) -> None:
        """Go past it."""
        self._next = None

    async def _records(self) -> AsyncIterator[_Head]:
        start: Any = {}
        while True:
            with calls_to("dynamodb"):
                response = await self._items.dynamodb.query(
                    TableName=self._items.table,
                    KeyConditionExpression="PK = :user AND begins_with(SK, :image)",
                    ProjectionExpression="image_id, #status, original, thumbnail, model_input",
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues={
                        ":user": {"S": f"USER#{self.user_id}"},
                        ":image": {"S": "IMAGE#"},
                    },
                    ConsistentRead=True,
                    Limit=RECORDS_A_PAGE,
                    **start,
                )
            for item in response["Items"]:
                self.read += 1
                yield _Head.model_validate(plain(item))
            following = response.get("LastEvaluatedKey")
            if following is None:
                return
            start = {"ExclusiveStartKey": following}


def _keys_of(record: "_Head | ImageRecord") -> set[str]:
    stored = (record.original, record.thumbnail, record.model_input)
    return {image.key for image in stored if image is not None}
