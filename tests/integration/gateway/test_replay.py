"""A table turned back in time: what was erased since is erased again, and nothing else."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from services.gateway.erasure_ledger import Replay, Replayed
from shared.control_items import ControlItems
from shared.item_store import ItemStore
from shared.records import ImageRecord
from shared.tombstones import PURGE_DUE_S, SECOND_PURGE_S
from tests.integration.gateway.back_office import BackOffice, back_office
from tests.integration.gateway.conftest import clients
from tests.integration.shared.conftest import made_table


@dataclass
class Turned:
    """The office of now, and one on a copy of its table; they share the bucket."""

    now: BackOffice
    restored: BackOffice

    async def copy(self) -> None:
        """What point-in-time recovery does: the items as they are, in another table."""
        dynamodb = self.now.aws.dynamodb
        page = await dynamodb.scan(TableName=self.now.table, ConsistentRead=True)
        assert "LastEvaluatedKey" not in page
        for item in page["Items"]:
            await dynamodb.put_item(TableName=self.restored.table, Item=item)

    async def replay(self, *, apply: bool = True) -> Replayed:
        ledger = self.now.control
        clock = self.restored.clock
        return await Replay(
            ledger, self.restored.control, self.restored.purger, apply=apply, clock=clock
        ).run()

    async def sweep(self, *, later: float = 0) -> None:
        """A round of the restored table's sweeper, to its end."""
        self.restored.clock.now += later
        sweeper = await self.restored.sweeper()
        await sweeper.sweep()
        await sweeper.finish_erasures()

    async def visible(self, record: ImageRecord) -> bool:
        return await self.restored.records.get(record.user_id, record.image_id) is not None


@pytest.fixture
async def turned(aws: str, ministack: str) -> AsyncIterator[Turned]:
    async with clients(ministack) as made, back_office(made) as now:
        restored = replace(now, table=await made_table(made.dynamodb))
        yield Turned(now, restored)


async def erase(office: BackOffice, user: str = "ana") -> None:
    """A deletion of everything, its second purge included."""
    await office.eraser.run(await office.begin(user))
    office.clock.now += SECOND_PURGE_S + 1
    sweeper = await office.sweeper()
    await sweeper.sweep()
    await sweeper.finish_erasures()


def counts(report: Replayed) -> tuple[int, int, int]:
    return report.erasures, report.returned, report.deleted


async def test_whoever_deleted_everything_is_gone_from_the_restored_table_too(
    turned: Turned,
) -> None:
    record, other = await turned.now.photo(), await turned.now.photo("bob")
    await turned.now.put_item("ana", "IDEMPOTENCY#k", image_id=record.image_id)
    await turned.now.put_item("ana", "CAPTION#h")
    turned.now.clock.now += 10
    await turned.copy()
    await erase(turned.now)
    assert await turned.visible(record)

    report = await turned.replay()

    assert counts(report) == (1, 1, 0)
    assert not await turned.visible(record)
    await turned.sweep()
    assert await turned.restored.partition() == []
    assert await turned.visible(other)
    assert len(await turned.restored.versions("bob")) == 5


async def test_the_receipt_is_the_one_that_the_user_was_given_and_names_nobody(
    turned: Turned,
) -> None:
    await turned.now.photo()
    turned.now.clock.now += 10
    await turned.copy()
    await erase(turned.now)
    receipt = await turned.now.jobs.latest("ana")

    await turned.replay()
    await turned.sweep()

    assert receipt is not None
    assert receipt.records == 1
    again = await turned.restored.jobs.latest("ana")
    assert again is not None
    assert again.user_id is None
    told = {"deletion_id", "status", "completed_at", "records", "objects", "object_versions"}
    assert again.model_dump(include=told) == receipt.model_dump(include=told)


async def test_a_deletion_of_which_nothing_came_back_keeps_its_epoch_and_receipt(
    turned: Turned,
) -> None:
    await turned.copy()
    late = await turned.now.photo()
    turned.now.clock.now += 10
    await erase(turned.now)

    report = await turned.replay()

    assert counts(report) == (1, 0, 0)
    assert await turned.restored.control.epoch("ana") == 1
    assert await turned.restored.jobs.latest("ana") == await turned.now.jobs.latest("ana")
    # A message of before that is still on its way finds nothing to do.
    await turned.restored.records.create(late)
    assert not await turned.visible(late)


async def test_what_was_uploaded_after_the_deletion_survives_the_replay(turned: Turned) -> None:
    await turned.now.photo()
    turned.now.clock.now += 10
    await turned.copy()
    await erase(turned.now)
    new = await turned.now.photo(epoch=1)
    await turned.restored.records.create(new)

    await turned.replay()
    await turned.sweep(later=1)

    assert await turned.visible(new)
    assert len(await turned.restored.versions()) == 5


async def test_a_deletion_that_ran_when_the_table_was_lost_is_finished(turned: Turned) -> None:
    record = await turned.now.photo()
    turned.now.clock.now += 10
    await turned.copy()
    await turned.now.begin()

    await turned.replay()
    assert not await turned.visible(record)
    await turned.sweep(later=1)

    latest = await turned.restored.jobs.latest("ana")
    assert latest is not None
    assert latest.status == "completed"
    assert await turned.restored.partition() == []
    assert await turned.restored.versions() == []


async def test_a_deletion_that_was_half_done_is_done_from_its_beginning(turned: Turned) -> None:
    await turned.now.photo()
    turned.now.clock.now += 10
    await turned.copy()
    held = await turned.now.begin()
    past_all = {"phase": 2, "cursor": ("IMAGE#~",), "counted_to": "IMAGE#~"}
    done = replace(held, erasure=held.erasure.model_copy(update=past_all))
    await turned.now.jobs.save(done)

    await turned.replay()
    await turned.sweep(later=1)

    assert await turned.restored.partition() == []
    assert await turned.restored.versions() == []


async def test_photos_that_were_deleted_one_by_one_are_deleted_again(turned: Turned) -> None:
    just_now, before, kept = [await turned.now.photo() for _ in range(3)]
    await turned.copy()
    await turned.now.deletions.delete_image("ana", before.image_id)
    turned.now.clock.now += SECOND_PURGE_S + 1
    await (await turned.now.sweeper()).sweep()
    await turned.now.deletions.delete_image("ana", just_now.image_id)

    report = await turned.replay()
    await turned.sweep(later=PURGE_DUE_S + 1)

    assert counts(report) == (0, 0, 2)
    assert [await turned.visible(each) for each in (just_now, before, kept)] == [False, False, True]
    assert len(await turned.restored.versions()) == 5


async def test_a_photo_whose_deletion_was_promised_and_not_done_yet_is_deleted(
    turned: Turned,
) -> None:
    record = await turned.now.photo()
    await turned.copy()
    await turned.now.tombstones.bury("ana", record.image_id, epoch=0, related=())

    await turned.replay()
    await turned.sweep(later=PURGE_DUE_S + 1)

    assert not await turned.visible(record)
    assert await turned.restored.versions() == []


async def test_a_record_that_was_lost_without_a_deletion_comes_back(turned: Turned) -> None:
    record = await turned.now.photo()
    await turned.copy()
    await turned.now.records.remove(record.user_id, record.image_id)

    report = await turned.replay()
    await turned.sweep(later=PURGE_DUE_S + 1)

    assert counts(report) == (0, 0, 0)
    assert await turned.visible(record)


async def test_without_apply_it_counts_and_writes_nothing(turned: Turned) -> None:
    record, single = await turned.now.photo(), await turned.now.photo("bob")
    turned.now.clock.now += 10
    await turned.copy()
    await erase(turned.now)
    await erase(turned.now, "eve")
    await turned.now.deletions.delete_image("bob", single.image_id)

    report = await turned.replay(apply=False)

    assert (report.images, *counts(report)) == (2, 2, 1, 1)
    assert await turned.visible(record)
    assert await turned.restored.control.epoch("ana") == 0
    await turned.sweep(later=PURGE_DUE_S + 1)
    assert await turned.visible(single)


async def test_repeated_it_finds_what_is_brought_over_already(turned: Turned) -> None:
    await turned.now.photo()
    single = await turned.now.photo("bob")
    turned.now.clock.now += 10
    await turned.copy()
    await erase(turned.now)
    await erase(turned.now, "eve")
    await turned.now.deletions.delete_image("bob", single.image_id)
    await turned.replay()

    assert counts(await turned.replay()) == (0, 0, 0)
    await turned.sweep()
    assert counts(await turned.replay()) == (0, 0, 0)


async def printed(turned: Turned, ledger: str) -> tuple[int | None, dict[str, Any]]:
    """What the command says, and the line it ends with."""
    environment = {
        "AWS_ENDPOINT_URL": turned.now.aws.endpoint,
        "GATEWAY_IMAGES_BUCKET": turned.now.bucket,
        "GATEWAY_RECORDS_TABLE": turned.restored.table,
        "GATEWAY_INGEST_QUEUE_URL": turned.now.ingest_url,
        "GATEWAY_CAPTION_QUEUE_URL": turned.now.caption_url,
        "GATEWAY_USER_HASH_KEY": "h" * 32,
    }
    command = ("-m", "services.gateway.replay", "--ledger", ledger, "--apply")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return process.returncode, json.loads(said)


async def test_the_command_prints_what_it_brought_over(turned: Turned) -> None:
    for office in (turned.now, turned.restored):
        office.control = ControlItems(ItemStore(office.aws.dynamodb, office.table), b"h" * 32)
    turned.now.jobs._control = turned.now.control  # noqa: SLF001  the key of the command's settings
    await turned.now.begin()

    status, report = await printed(turned, turned.now.table)

    assert status == 0
    assert report == {"images": 0, "erasures": 1, "returned": 0, "deleted": 0, "applied": True}
    assert await turned.restored.control.epoch("ana") == 1


async def test_a_table_is_not_its_own_ledger(turned: Turned) -> None:
    status, line = await printed(turned, turned.restored.table)

    assert status == 2
    assert line["setting"] == "GATEWAY_RECORDS_TABLE"
