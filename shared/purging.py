"""What it takes for an image to be gone: its record, every version of its objects, and the items
that go with it. Each step may be repeated, by anybody, at any time.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from shared.contracts import Message
from shared.errors import StaleRecord
from shared.item_store import ItemStore
from shared.items import Update, related_keys, user_key
from shared.object_store import ObjectStore
from shared.record_store import RecordStore
from shared.tombstones import Tombstones


@dataclass(frozen=True, slots=True)
class Purger:
    """Removes what is left of images."""

    items: ItemStore
    records: RecordStore
    objects: ObjectStore
    tombstones: Tombstones

    async def remove(
        self,
        user_id: str,
        image_id: str,
        *,
        related: Iterable[str] = (),
        before: int | None = None,
    ) -> None:
        """Remove an image. ``related`` are sort keys of its items beside those its record names.

        Raises ``StaleRecord``, and removes nothing, if its epoch is not older than ``before``.
        """
        # The record first: from here on a worker's writes fail, and it cleans up after itself.
        record = await self.records.remove(user_id, image_id, before=before)
        await self.remove_leftovers(user_id, image_id, {*related, *related_keys(record)})

    async def remove_leftovers(
        self, user_id: str, image_id: str, related: Iterable[str] = ()
    ) -> None:
        """Remove the objects and related items of an image that has no record."""
        await asyncio.gather(
            self.objects.remove_image(user_id, image_id),
            *(self._remove_related(user_id, image_id, sort_key) for sort_key in related),
        )

    async def vanished(self, message: Message) -> bool:
        """Remove what a worker may have written for ``message``, whose record is gone or erased.

        The deletion of one image gets a later purge, in case another worker is at it still. After
        the deletion of everything there is none to leave: the epoch keeps that out. While that
        deletion runs, ``False``: it counts what it deletes, so the leftovers have to wait for it.
        """
        user_id, image_id = message.user_id, message.image_id
        owner = await self.records.standing(user_id)
        if message.epoch >= owner.epoch:
            await self.tombstones.renew(user_id, image_id, epoch=message.epoch)
            await self.remove_leftovers(user_id, image_id)
            return True
        if owner.erasing:
            return False
        # Otherwise the id was taken up again since, and what there is belongs to that.
        with suppress(StaleRecord):
            await self.remove(user_id, image_id, before=owner.epoch)
        return True

    async def _remove_related(self, user_id: str, image_id: str, sort_key: str) -> None:
        # A key may have been used for another image since, and a cached caption for several.
        own = Update().when(
            "attribute_not_exists({image_id}) OR {image_id} = :image", image=image_id
        )
        await self.items.delete(user_key(user_id, sort_key), own)
