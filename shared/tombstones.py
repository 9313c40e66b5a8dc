"""Tombstones: purges still to be made of images that were deleted one by one.

A tombstone is written before anything is deleted, so that a deletion once promised is completed
whoever dies, and it outlasts every job and every presigned upload, so that what those leave behind
is purged too. It holds ids only.
"""

import time
from collections.abc import Callable, Iterable

from shared.item_store import Item, ItemStore
from shared.items import Update, active_shard, plain, tombstone_key
from shared.records import Part

# Longer than any job and any presigned upload lasts.
SECOND_PURGE_S = 15 * 60
# How long whoever purges has, before the sweeper takes over.
PURGE_DUE_S = 60


class Tombstone(Part):
    """One deleted image. ``pending``: the first purge is not done, so the record may be there
    still. ``related`` are the sort keys of items that go with the image. ``check_at`` (Unix
    seconds) is when the sweeper purges.
    """

    user_id: str
    image_id: str
    epoch: int
    pending: bool = False
    related: tuple[str, ...] = ()
    check_at: float


class Tombstones:
    """The tombstones of one DynamoDB table."""

    def __init__(
        self,
        items: ItemStore,
        *,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._items = items
        self._clock = clock

    async def bury(
        self, user_id: str, image_id: str, *, epoch: int, related: Iterable[str]
    ) -> None:
        """Promise the deletion of an image. One that is promised already is left as it is."""
        update = (
            self._standing(user_id, image_id, epoch, PURGE_DUE_S)
            .set(pending=True, related=list(related))
            .when("attribute_not_exists({pending})")
        )
        await self._write(user_id, image_id, update)

    async def purged(self, user_id: str, image_id: str) -> None:
        """Note that the first purge is done; the second is due in a quarter of an hour."""
        update = (
            Update()
            .set(pending=None, check_at=self._clock() + SECOND_PURGE_S)
            .when("attribute_exists({pending})")
        )
        await self._write(user_id, image_id, update)

    async def renew(self, user_id: str, image_id: str, *, epoch: int) -> None:
        """Have the image purged once more a quarter of an hour from now, whether or not a
        tombstone stands. One that stands for longer is left as it is.
        """
        update = self._standing(user_id, image_id, epoch, SECOND_PURGE_S).when(
            "attribute_not_exists({check_at}) OR {check_at} < :later",
            later=self._clock() + SECOND_PURGE_S,
        )
        await self._write(user_id, image_id, update)

    async def take(
        self, user_id: str, image_id: str, *, seen: float, again_in: float = PURGE_DUE_S
    ) -> Tombstone | None:
        """Take up the purge that is due since ``seen``; ``None`` if somebody else has.

        It is due again ``again_in`` seconds later, should this process die.
        """
        update = (
            Update()
            .set(check_at=self._clock() + again_in)
            .when("{check_at} = :seen", seen=seen)
            .when("{check_at} <= :now", now=self._clock())
        )
        item = await self._write(user_id, image_id, update)
        return Tombstone.model_validate(plain(item)) if item is not None else None

    async def drop(self, tombstone: Tombstone) -> None:
        """Remove ``tombstone``, unless a worker has renewed it meanwhile."""
        await self._items.delete(
            tombstone_key(tombstone.user_id, tombstone.image_id),
            Update().when("{check_at} = :seen", seen=tombstone.check_at),
        )

    def _standing(self, user_id: str, image_id: str, epoch: int, due: float) -> Update:
        return Update().set(
            user_id=user_id,
            image_id=image_id,
            epoch=epoch,
            check_at=self._clock() + due,
            active_shard=active_shard(image_id),
        )

    async def _write(self, user_id: str, image_id: str, update: Update) -> Item | None:
        return await self._items.write(tombstone_key(user_id, image_id), update)
