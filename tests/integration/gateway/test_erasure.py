"""Deleting everything: true on a versioned bucket, and counted right."""

import asyncio

from services.gateway.erasure import ITEMS_A_PAGE
from services.gateway.erasure_jobs import Erasure, Held
from shared.object_store import image_object_key
from shared.records import ImageRecord
from shared.tombstones import SECOND_PURGE_S
from tests.integration.gateway.back_office import BackOffice, counts, erased


async def test_everything_goes_and_the_receipt_counts_it(office: BackOffice) -> None:
    first, _ = await office.photo(), await office.photo()
    await office.aws.s3.delete_object(Bucket=office.bucket, Key=first.upload_key)
    await office.put_item("ana", "IDEMPOTENCY#k", image_id=first.image_id)
    await office.put_item("ana", "CAPTION#h")
    await office.tombstones.renew("ana", first.image_id, epoch=0)
    office.clock.now += 10

    receipt = await erased(office)

    assert receipt.status == "completed"
    assert counts(receipt) == (2, 8, 11)
    assert await office.partition() == []
    assert await office.versions() == []


async def test_another_user_s_data_are_untouched(office: BackOffice) -> None:
    await office.photo()
    await office.photo("anabel")
    office.clock.now += 10

    await erased(office)

    assert len(await office.partition("anabel")) == 1
    assert len(await office.versions("anabel")) == 5


async def test_old_images_are_out_of_sight_from_the_first_moment(office: BackOffice) -> None:
    record = await office.photo()

    await office.begin()

    assert await office.records.get("ana", record.image_id) is None
    assert await office.records.get_many([("ana", record.image_id)]) == {}
    page = await office.records.page("ana", limit=10)
    assert (page.records, page.position) == ([], None)


async def test_an_upload_right_after_the_request_survives_both_purges(office: BackOffice) -> None:
    await office.photo()
    office.clock.now += 10
    held = await office.begin()
    office.clock.now += 0.1
    new = await office.photo(epoch=1)
    await office.put_item("ana", "IDEMPOTENCY#new", image_id=new.image_id)

    await office.eraser.run(held)
    await second_purge(office)

    assert await office.records.get("ana", new.image_id) is not None
    assert len(await office.versions()) == 5
    assert f"IMAGE#{new.image_id}" in await office.partition()
    assert "IDEMPOTENCY#new" in await office.partition()


async def second_purge(office: BackOffice) -> None:
    office.clock.now += SECOND_PURGE_S + 1
    sweeper = await office.sweeper()
    await sweeper.sweep()
    await sweeper.finish_erasures()


async def test_an_orphan_goes_with_the_rest(office: BackOffice) -> None:
    orphan = office.new_record()
    await office.store_objects(orphan)
    await office.put("images/ana/not-an-id/x")
    office.clock.now += 10

    assert counts(await erased(office)) == (0, 5, 6)
    assert await office.versions() == []


async def test_what_a_job_leaves_behind_after_the_first_pass_goes_with_the_second(
    office: BackOffice,
) -> None:
    record = await office.photo()
    receipt = await erased(office)
    await office.put(image_object_key("ana", record.image_id, "late.jpg"))
    await office.put_item("ana", "CAPTION#late")

    await second_purge(office)

    assert await office.versions() == []
    assert await office.partition() == []
    latest = await office.jobs.latest("ana")
    assert latest is not None
    assert (latest.status, latest.user_id) == ("completed", None)
    assert counts(latest) == counts(receipt) == (1, 4, 5)


async def test_in_the_end_the_control_item_names_nobody_and_has_nothing_due(
    office: BackOffice,
) -> None:
    await office.photo("somebody@example.com")
    await erased(office, "somebody@example.com")

    await second_purge(office)

    [item] = (await office.aws.dynamodb.scan(TableName=office.table))["Items"]
    assert "somebody" not in str(item)
    assert not {"check_at", "active_shard", "eraser"} & set(item)


async def test_asked_again_while_one_runs_it_is_the_same_deletion(office: BackOffice) -> None:
    begun = await asyncio.gather(*(office.jobs.begin("ana") for _ in range(10)))

    [held] = [each for each in begun if isinstance(each, Held)]
    others = {each.deletion_id for each in begun if isinstance(each, Erasure)}
    assert others == {held.erasure.deletion_id}
    assert await office.control.epoch("ana") == 1


async def test_asked_again_after_the_end_it_is_another_one(office: BackOffice) -> None:
    first = await erased(office)
    second = await erased(office)

    assert first.deletion_id != second.deletion_id
    assert (first.epoch, second.epoch) == (1, 2)


async def test_more_items_than_a_page_all_go_and_are_counted(office: BackOffice) -> None:
    slots = asyncio.Semaphore(16)

    async def create(record: ImageRecord) -> None:
        async with slots:
            await office.records.create(record)

    await asyncio.gather(*(create(office.new_record()) for _ in range(ITEMS_A_PAGE + 5)))
    office.clock.now += 10

    assert counts(await erased(office)) == (ITEMS_A_PAGE + 5, 0, 0)
    assert await office.partition() == []


async def test_more_versions_than_a_page_all_go_around_one_that_stays(office: BackOffice) -> None:
    slots = asyncio.Semaphore(16)
    old = office.new_record()

    async def put(number: int) -> None:
        async with slots:
            await office.put(image_object_key("ana", old.image_id, str(number)))

    await asyncio.gather(*(put(number) for number in range(1005)))
    office.clock.now += 10
    held = await office.begin()
    new = await office.photo(epoch=1)

    await office.eraser.run(held)

    receipt = await office.jobs.latest("ana")
    assert receipt is not None
    assert counts(receipt) == (0, 1005, 1005)
    assert all(new.image_id in key for key in await office.versions())
