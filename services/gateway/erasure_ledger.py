"""Deletions brought over to a table that was turned back in time, before anybody reads it.

The ledger is the table as it was last. Its control items say by hash, so without naming anybody,
who deleted everything and in which epoch; what was deleted one by one is no longer in it. A run
may be repeated: what is brought over already stays as it is. Unlike anything else it scans both
tables, which no service's role may do.
"""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from typing import Any, cast

from services.gateway.erasure_jobs import Erasure, erasure_in
from shared.aws import calls_to
from shared.control_items import ControlItems, epoch_of
from shared.item_store import Item, ItemKey, ItemStore
from shared.items import Update, active_shard, image_key, tombstone_key
from shared.object_store import image_object_key, upload_key
from shared.purging import Purger

ITEMS_A_PAGE = 500

_Image = tuple[str, str]  # user id, image id


@dataclass(slots=True)
class Replayed:
    """What a run found, and brought over if it was to. ``erasures`` are deletions of everything
    that the restored table does not know of; the owners of ``returned`` of them have something in
    it again. ``deleted`` are photos that were deleted one by one.
    """

    images: int = 0  # records looked at
    erasures: int = 0
    returned: int = 0
    deleted: int = 0

    def counts(self) -> dict[str, int]:
        """The numbers by their names."""
        return asdict(self)


class Replay:
    """Compares the table of ``ledger`` with a restored one, which ``purger`` works on. Nothing is
    written unless ``apply``; if it is, the restored table's sweeper does the deleting.
    """

    def __init__(
        self,
        ledger: ControlItems,
        restored: ControlItems,
        purger: Purger,
        *,
        apply: bool,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._ledger = ledger
        self._restored = restored
        self._purger = purger
        self._apply = apply
        self._clock = clock

    async def run(self) -> Replayed:
        """Bring over what is missing. Raises ``DependencyUnavailable``; it may be repeated then."""
        report = Replayed()
        # First those who have something to be deleted: one write raises their epoch and makes the
        # deletion due, so that a run cut short leaves nobody hidden and never deleted.
        returned = await self._over_the_restored(report)
        async for page in _scan(self._ledger.items, "CONTROL#"):
            for item in page:
                if item["PK"]["S"] not in returned:
                    await self._raise({name: item[name] for name in ("PK", "SK")}, report)
        return report

    async def _over_the_restored(self, report: Replayed) -> set[str]:
        """Go over all users' items; the control items of those whose deletion is due again."""
        user_id, epoch = "", 0
        returned: set[str] = set()
        async for page in _scan(self._restored.items, "USER#"):
            images: list[_Image] = []
            for item in page:
                owner = item["PK"]["S"].partition("#")[2]
                if owner != user_id:
                    user_id, epoch = owner, await self._begin_again(owner, report, returned)
                if item["SK"]["S"].startswith("IMAGE#"):
                    report.images += 1
                    if epoch_of(item) >= epoch:
                        images.append((user_id, item["image_id"]["S"]))
            await self._bury(images, report)
        return returned

    async def _begin_again(self, user_id: str, report: Replayed, returned: set[str]) -> int:
        """The user's epoch. If the restored table has an older one, all before is due again."""
        key = self._ledger.key(user_id)
        last, erasure, epoch = await self._missing(key)
        if erasure is not None:
            report.erasures += 1
            report.returned += 1
            returned.add(key["PK"]["S"])
            # A completed one stays completed, and what its receipt counts: this is a purge more.
            start = {"user_id": user_id, "phase": 0, "cursor": None, "counted_to": None}
            await self._write(key, last, erasure.model_copy(update=start))
        return epoch

    async def _raise(self, key: ItemKey, report: Replayed) -> None:
        """Keep the epoch and the receipt of one of whom nothing has come back."""
        last, erasure, _ = await self._missing(key)
        if erasure is not None:
            report.erasures += 1
            await self._write(key, last, erasure)

    async def _missing(self, key: ItemKey) -> tuple[Item, Erasure | None, int]:
        """The ledger's item, its deletion if the restored table lacks it, and the later epoch."""
        last, restored = [await each.items.read(key) for each in (self._ledger, self._restored)]
        before, after = epoch_of(restored), epoch_of(last)
        return last, erasure_in(last) if after > before else None, max(before, after)

    async def _write(self, key: ItemKey, last: Item, erasure: Erasure) -> None:
        if not self._apply:
            return
        epoch, is_due = epoch_of(last), erasure.user_id is not None
        update = Update().set(
            epoch=epoch,
            erasure=erasure,
            erasing=erasure.deletion_id if erasure.status == "running" else None,
            eraser=None,
            check_at=self._clock() if is_due else None,
            active_shard=active_shard(erasure.deletion_id) if is_due else None,
            ttl=int(last["ttl"]["N"]) if "ttl" in last else None,
        )
        update.when("attribute_not_exists({epoch}) OR {epoch} < :later", later=epoch)
        await self._restored.items.write(key, update)

    async def _bury(self, images: list[_Image], report: Replayed) -> None:
        """Delete those photos again that their owners had deleted since."""
        keys = [make(*image) for image in images for make in (image_key, tombstone_key)]
        items = await self._ledger.items.read_many([*keys])
        there = {(item["PK"]["S"], item["SK"]["S"]) for item in items}
        for user_id, image_id in images:
            partition = f"USER#{user_id}"
            deleted = (partition, f"DELETED#{image_id}") in there
            lost = (partition, f"IMAGE#{image_id}") not in there
            # What was lost in another way still has its objects.
            if deleted or (lost and not await self._has_objects(user_id, image_id)):
                await self._delete(user_id, image_id, report)

    async def _has_objects(self, user_id: str, image_id: str) -> bool:
        for prefix in (image_object_key(user_id, image_id, ""), upload_key(user_id, image_id)):
            entries, _ = await self._purger.objects.listing(prefix)
            if any(entry.is_object for entry in entries):
                return True
        return False

    async def _delete(self, user_id: str, image_id: str, report: Replayed) -> None:
        if await self._restored.items.read(tombstone_key(user_id, image_id)):
            return  # the sweeper has yet to get there
        report.deleted += 1
        found = (await self._purger.records.find([(user_id, image_id)])).get((user_id, image_id))
        if self._apply and found is not None:
            await self._purger.tombstones.bury(
                user_id, image_id, epoch=found.record.epoch, related=found.related
            )


async def _scan(items: ItemStore, beginning: str) -> AsyncIterator[list[Item]]:
    """The items of the partitions whose names begin so, as far as this needs them, in pages."""
    start: Any = {}
    while True:
        with calls_to("dynamodb"):
            response = await items.dynamodb.scan(
                TableName=items.table,
                FilterExpression="begins_with(PK, :beginning)",
                ExpressionAttributeValues={":beginning": {"S": beginning}},
                ProjectionExpression="PK, SK, epoch, image_id",
                ConsistentRead=True,
                Limit=ITEMS_A_PAGE,
                **start,
            )
        yield cast("list[Item]", response["Items"])
        following = response.get("LastEvaluatedKey")
        if following is None:
            return
        start = {"ExclusiveStartKey": following}
