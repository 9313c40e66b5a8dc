"""Writes whose answer was lost, so that botocore made them twice: their own effect is in no way."""

from typing import Any

import pytest

from services.gateway.erasure_jobs import ErasureJobs, Held
from services.gateway.idempotency import LEASE_S, IdempotencyKeys
from shared.control_items import ControlItems
from shared.item_store import Item, ItemKey, ItemStore
from shared.items import Update
from tests.integration.gateway.back_office import BackOffice


class RepeatingItems(ItemStore):
    """Every write is made twice, and the second answer is the one that arrives."""

    async def attempt(self, key: ItemKey, update: Update) -> tuple[bool, Item | None]:
        await super().attempt(key, update)
        return await super().attempt(key, update)


@pytest.fixture
def items(office: BackOffice) -> ItemStore:
    return RepeatingItems(office.aws.dynamodb, office.table)


async def test_a_key_claimed_twice_is_ours(office: BackOffice, items: ItemStore) -> None:
    keys = IdempotencyKeys(items, clock=office.clock)

    claim = await keys.claim("ana", "k", fingerprint="f", image_id="i")

    assert (claim.image_id, claim.is_done) == ("i", False)
    assert await keys.renew(claim)


async def test_a_lease_taken_over_twice_is_ours(office: BackOffice, items: ItemStore) -> None:
    keys = IdempotencyKeys(items, clock=office.clock)
    dead = await keys.claim("ana", "k", fingerprint="f", image_id="i")
    office.clock.now += LEASE_S + 1

    claim = await keys.claim("ana", "k", fingerprint="f", image_id="other")

    assert (claim.image_id, claim.lease_id != dead.lease_id) == ("i", True)
    assert await keys.renew(claim)


async def test_a_deletion_begun_twice_is_in_our_hands(office: BackOffice, items: ItemStore) -> None:
    jobs = ErasureJobs(ControlItems(items, b"key"), lifetime=1e6, clock=office.clock)

    begun: Any = await jobs.begin("ana")

    assert isinstance(begun, Held)
    assert (begun.erasure.epoch, begun.erasure.status) == (1, "running")
    await office.jobs.complete(begun)


async def test_a_deletion_that_somebody_else_began_is_theirs(office: BackOffice) -> None:
    theirs = await office.begin("ana")

    assert await office.jobs.begin("ana") == theirs.erasure
