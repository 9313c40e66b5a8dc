"""Bucket and table compared: each kind of difference is found, and orphans alone are mended."""

import asyncio

import pytest

from services.gateway.reconciling import DAY_S, EXAMPLES
from shared.object_store import image_object_key
from shared.records import ImageRecord, Status
from tests.integration.gateway.back_office import OBJECTS, BackOffice
from tests.integration.gateway.comparing import compared, completed, differences, ids, reconciler

# The bucket has the machine's clock.
pytestmark = pytest.mark.usefixtures("machine_clock")


async def test_of_a_whole_bucket_nothing_is_reported(office: BackOffice) -> None:
    for user in ("ana", "bob", "ana"):
        await completed(office, user)
    await completed(office, status=Status.CAPTIONING)
    await office.records.create(office.new_record())

    report = await compared(office)

    assert differences(report) == (0, 0, 0, 0)
    assert (report.images, report.records) == (4, 5)


async def test_objects_without_a_record_are_orphans_once_they_are_a_day_old(
    office: BackOffice,
) -> None:
    await completed(office)
    orphan = office.new_record()
    await office.put(image_object_key("ana", orphan.image_id, "original.jpg"))
    await completed(office)
    assert differences(await compared(office, days=0.9)) == (0, 0, 0, 0)

    report = await compared(office, days=0.2)

    assert report.orphans.examples == [("ana", orphan.image_id)]
    assert (report.orphans.count, report.removed) == (1, 0)
    assert len(await office.versions()) == 7


@pytest.mark.parametrize("lost", OBJECTS)
async def test_a_record_that_lacks_an_object_is_incomplete(office: BackOffice, lost: str) -> None:
    await completed(office)
    record = await completed(office)
    await completed(office)
    await office.objects.delete_versions(image_object_key("ana", record.image_id, lost))

    report = await compared(office)

    assert report.incomplete.examples == [("ana", record.image_id)]
    assert differences(report) == (0, 1, 0, 0)


@pytest.mark.parametrize("position", [0, 1, 2], ids=["first", "middle", "last"])
async def test_a_record_without_any_object_is_incomplete_wherever_it_sorts(
    office: BackOffice, position: int
) -> None:
    records = [await completed(office) for _ in range(3)]
    await office.objects.remove_image("ana", records[position].image_id)

    report = await compared(office)

    assert ids(report.incomplete.examples) == [records[position].image_id]


async def test_an_object_that_is_only_hidden_is_missing(office: BackOffice) -> None:
    record = await completed(office)
    assert record.original is not None
    await office.aws.s3.delete_object(Bucket=office.bucket, Key=record.original.key)

    assert (await compared(office)).incomplete.count == 1


async def test_a_record_whose_objects_the_lifecycle_may_have_taken_is_not_incomplete(
    office: BackOffice,
) -> None:
    await completed(office)
    record = await completed(office, ttl=int(office.clock()) + 4 * 86_400)
    await office.objects.remove_image("ana", record.image_id)

    assert differences(await compared(office)) == (0, 0, 0, 0)


async def test_an_upload_that_the_bucket_should_have_removed_is_reported_and_left(
    office: BackOffice,
) -> None:
    upload = office.new_record()
    await office.put(upload.upload_key)
    assert (await compared(office, days=1.9, mend=True)).stale_uploads.count == 0

    report = await compared(office, days=0.2, mend=True)

    assert report.stale_uploads.examples == [("ana", upload.image_id)]
    assert len(await office.versions()) == 1


async def test_what_the_lifecycle_has_expired_is_neither_orphan_nor_stale(
    office: BackOffice,
) -> None:
    # An expiration hides the object. The version goes a day later, the marker once it is as old
    # as the rule wants objects to be: months after the record.
    expired = office.new_record()
    for key in (image_object_key("ana", expired.image_id, "original.jpg"), expired.upload_key):
        await office.put(key)
        await office.aws.s3.delete_object(Bucket=office.bucket, Key=key)

    report = await compared(office, days=2.1, mend=True)

    assert differences(report) == (0, 0, 0, 0)
    assert len(await office.versions()) == 4


async def test_keys_that_are_not_ours_are_counted_and_left(office: BackOffice) -> None:
    await office.put("images/ana/not-an-id/x")
    await completed(office)

    report = await compared(office, mend=True)

    assert differences(report) == (0, 0, 0, 1)
    assert len(await office.versions()) == 4


async def test_mending_removes_every_version_of_the_orphan_and_nothing_else(
    office: BackOffice,
) -> None:
    kept, _ = await completed(office), await completed(office, "bob")
    orphan = office.new_record()
    await office.store_objects(orphan)

    report = await compared(office, mend=True)

    assert (report.orphans.count, report.removed) == (1, 1)
    assert {key.split("/")[2] for key in await office.versions()} == {kept.image_id}
    assert len(await office.versions()) == len(await office.versions("bob")) == 3
    assert f"DELETED#{orphan.image_id}" in await office.partition()


async def test_a_table_that_is_not_the_bucket_s_costs_no_more_than_the_limit(
    office: BackOffice,
) -> None:
    for _ in range(3):
        await office.put(image_object_key("ana", office.new_record().image_id, "original.jpg"))
    office.clock.now += 2 * DAY_S

    report = await reconciler(office, mend=True, mend_most=2).run()

    assert (report.orphans.count, report.removed) == (3, 2)
    assert len(await office.versions()) == 1


async def test_what_comes_late_to_a_mended_orphan_is_purged_by_the_sweeper(
    office: BackOffice,
) -> None:
    orphan = office.new_record()
    late = image_object_key("ana", orphan.image_id, "late.jpg")
    await office.put(late)
    await compared(office, mend=True)
    await office.put(late)
    office.clock.now += 901

    await (await office.sweeper()).sweep()

    assert await office.versions() == []
    assert await office.partition() == []


async def test_more_than_a_page_is_compared_without_a_difference(office: BackOffice) -> None:
    made: list[ImageRecord] = []
    for user in ("ana", "bob"):
        for _ in range(18):
            made = await asyncio.gather(*(completed(office, user) for _ in range(10)))
    await office.objects.remove_image("bob", made[5].image_id)
    orphans = [office.new_record(user).image_id for user in ("ana", "bob") for _ in range(15)]
    for number, image_id in enumerate(orphans):
        user = "ana" if number < 15 else "bob"
        await office.put(image_object_key(user, image_id, "original.jpg"))

    report = await compared(office)

    assert (report.images, report.records) == (389, 360)
    assert differences(report) == (30, 1, 0, 0)
    assert ids(report.orphans.examples) == orphans[:EXAMPLES]
