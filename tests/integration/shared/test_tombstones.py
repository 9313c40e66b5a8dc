"""Tombstones: promised once, taken up by one, renewed by whoever comes late."""

import asyncio
from typing import Any

import pytest

from shared.item_store import ItemStore
from shared.items import plain, tombstone_key
from shared.tombstones import PURGE_DUE_S, SECOND_PURGE_S, Tombstone, Tombstones
from tests.integration.shared.conftest import Clock

ID = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"


@pytest.fixture
def items(dynamodb: Any, table: str) -> ItemStore:
    return ItemStore(dynamodb, table)


@pytest.fixture
def tombstones(items: ItemStore, clock: Clock) -> Tombstones:
    return Tombstones(items, clock=clock)


async def standing(items: ItemStore) -> Tombstone | None:
    item = await items.read(tombstone_key("ana", ID))
    return Tombstone.model_validate(plain(item)) if item else None


async def test_a_promise_is_due_soon_and_after_the_purge_once_more(
    tombstones: Tombstones, items: ItemStore, clock: Clock
) -> None:
    began = clock.now
    await tombstones.bury("ana", ID, epoch=2, related=("CAPTION#h",))
    promised = await standing(items)
    clock.now += 3
    await tombstones.purged("ana", ID)

    assert promised == Tombstone(
        user_id="ana",
        image_id=ID,
        epoch=2,
        pending=True,
        related=("CAPTION#h",),
        check_at=began + PURGE_DUE_S,
    )
    assert await standing(items) == promised.model_copy(
        update={"pending": False, "check_at": began + 3 + SECOND_PURGE_S}
    )


async def test_of_many_who_would_purge_one_does(
    tombstones: Tombstones, items: ItemStore, clock: Clock
) -> None:
    await tombstones.bury("ana", ID, epoch=0, related=())
    seen = clock.now + PURGE_DUE_S
    assert await tombstones.take("ana", ID, seen=seen) is None
    clock.now = seen

    taken = [await tombstones.take("ana", ID, seen=seen) for _ in range(3)]

    assert [each is not None for each in taken] == [True, False, False]


async def test_a_renewed_tombstone_is_not_dropped(
    tombstones: Tombstones, items: ItemStore, clock: Clock
) -> None:
    await tombstones.renew("ana", ID, epoch=0)
    clock.now += SECOND_PURGE_S
    taken = await tombstones.take("ana", ID, seen=clock.now)
    assert taken is not None
    await tombstones.renew("ana", ID, epoch=0)

    await tombstones.drop(taken)

    renewed = await standing(items)
    assert renewed is not None
    assert renewed.check_at == clock.now + SECOND_PURGE_S


async def test_renewing_leaves_what_is_promised(
    tombstones: Tombstones, items: ItemStore, clock: Clock
) -> None:
    await tombstones.bury("ana", ID, epoch=0, related=("CAPTION#h",))

    await asyncio.gather(*(tombstones.renew("ana", ID, epoch=0) for _ in range(5)))

    renewed = await standing(items)
    assert renewed is not None
    assert (renewed.pending, renewed.related) == (True, ("CAPTION#h",))


async def test_dropping_one_that_is_gone_is_no_error(
    tombstones: Tombstones, items: ItemStore, clock: Clock
) -> None:
    await tombstones.renew("ana", ID, epoch=0)
    clock.now += SECOND_PURGE_S
    taken = await tombstones.take("ana", ID, seen=clock.now)
    assert taken is not None

    await tombstones.drop(taken)
    await tombstones.drop(taken)

    assert await standing(items) is None
