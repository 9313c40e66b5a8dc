"""Bucket and table compared: each kind of difference is found, and none is invented."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.gateway.nightly import LEASE_S, NightShift, log_report, run_nightly
from services.gateway.reconciling import DAY_S, EXAMPLES, Reconciler, Report
from shared.errors import StaleRecord
from shared.object_store import ObjectStore, StoredVersion, VersionMarker, image_object_key
from shared.records import ImageRecord, Status, StoredImage
from tests.deadlines import until
from tests.integration.gateway.back_office import OBJECTS, BackOffice, back_office
from tests.integration.gateway.conftest import clients


@pytest.fixture
async def office(aws: str, ministack: str) -> AsyncIterator[BackOffice]:
    async with clients(ministack) as made, back_office(made) as it:
        # The bucket has the machine's clock.
        it.clock.now = time.time()
        yield it


def reconciler(office: BackOffice, *, mend: bool = False, **changes: Any) -> Reconciler:
    return Reconciler(
        office.items,
        office.records,
        changes.pop("objects", office.objects),
        office.purger,
        mend=mend,
        clock=office.clock,
        **changes,
    )


async def compared(office: BackOffice, *, days: float = 1.1, mend: bool = False) -> Report:
    """What is found when everything is that many days older."""
    office.clock.now += days * DAY_S
    return await reconciler(office, mend=mend).run()


async def completed(office: BackOffice, user: str = "ana", **changes: Any) -> ImageRecord:
    """A photo that is through, its three objects stored and its upload gone."""
    record = office.new_record(user)
    keys = {name: image_object_key(user, record.image_id, name) for name in OBJECTS}
    for key in keys.values():
        await office.put(key)
    original, thumbnail, model_input = (
        StoredImage(key=key, content_type="image/jpeg", bytes=6, width=4, height=3)
        for key in keys.values()
    )
    parts = {"original": original, "thumbnail": thumbnail, "model_input": model_input}
    values = {"status": Status.COMPLETED, "check_at": None, **parts, **changes}
    record = record.model_copy(update=values)
    await office.records.create(record)
    return record


def ids(found: list[tuple[str, str]]) -> list[str]:
    return [image_id for _, image_id in found]


def differences(report: Report) -> tuple[int, int, int, int]:
    return (
        report.orphans.count,
        report.incomplete.count,
        report.stale_uploads.count,
        report.strange_keys,
    )


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


async def test_an_orphan_that_a_deletion_is_about_to_take_is_none(office: BackOffice) -> None:
    await completed(office)
    buried, erased = office.new_record(), office.new_record("bob")
    await office.put(image_object_key("ana", buried.image_id, "original.jpg"))
    await office.put(image_object_key("bob", erased.image_id, "original.jpg"))
    await office.tombstones.bury("ana", buried.image_id, epoch=0, related=[])
    await office.begin("bob")

    assert differences(await compared(office)) == (0, 0, 0, 0)


class Meddling(ObjectStore):
    """A bucket in which something happens between the reading of a page and its use."""

    meddle: Callable[[], Awaitable[object]]

    async def listing(
        self, prefix: str, *, after: VersionMarker | None = None
    ) -> tuple[list[StoredVersion], VersionMarker | None]:
        page = await ObjectStore.listing(self, prefix, after=after)
        if prefix == "images/":
            await self.meddle()
        return page


def meddling(office: BackOffice, meddle: Callable[[], Awaitable[object]]) -> ObjectStore:
    kind = type("Now", (Meddling,), {"meddle": staticmethod(meddle)})
    made: ObjectStore = kind(office.aws.s3, office.bucket)
    return made


async def test_what_is_deleted_between_listing_and_query_is_no_orphan(office: BackOffice) -> None:
    record, _ = await completed(office), await completed(office, "bob")

    async def delete() -> None:
        await office.deletions.delete_image("ana", record.image_id)
        await office.eraser.run(await office.begin("bob"))

    office.clock.now += 2 * DAY_S
    report = await reconciler(office, mend=True, objects=meddling(office, delete)).run()

    assert differences(report) == (0, 0, 0, 0)
    assert report.removed == 0


async def test_a_photo_that_is_made_after_the_listing_is_not_incomplete(
    office: BackOffice,
) -> None:
    await completed(office)

    async def make() -> None:
        await completed(office)

    report = await reconciler(office, objects=meddling(office, make)).run()

    assert differences(report) == (0, 0, 0, 0)
    assert report.records == 2


async def test_a_photo_that_is_deleted_while_its_objects_are_looked_for_is_not_incomplete(
    office: BackOffice,
) -> None:
    await completed(office)
    made: list[ImageRecord] = []

    async def make() -> None:
        made.append(await completed(office))

    class Deleting(ObjectStore):
        async def newest(self, key: str) -> str | None:
            await office.deletions.delete_image("ana", made[0].image_id)
            return await ObjectStore.newest(self, key)

    store = meddling(office, make)
    deleting = type("Deleting", (Deleting, type(store)), {})(office.aws.s3, office.bucket)
    report = await reconciler(office, objects=deleting).run()

    assert len(made) == 1
    assert differences(report) == (0, 0, 0, 0)


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


async def test_of_many_sweepers_one_compares_in_a_night(office: BackOffice) -> None:
    ran: list[int] = []
    stop = asyncio.Event()

    async def sweeper(number: int) -> None:
        shift = NightShift(office.items, clock=office.clock)

        async def compare() -> Report:
            ran.append(number)
            return await reconciler(office, went_on=shift.extend).run()

        await run_nightly(shift, compare, stop, at="03:00", look=0.01)

    office.clock.now -= office.clock.now % DAY_S - 3 * 3600 - 60  # 03:01 of a night
    sweepers = [asyncio.create_task(sweeper(number)) for number in range(5)]
    await until(lambda: len(ran) == 1)
    office.clock.now += DAY_S
    await until(lambda: len(ran) == 2)
    office.clock.now += 12 * 3600
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.gather(*sweepers)

    assert len(ran) == 2


async def test_a_comparison_keeps_its_night_while_it_looks_for_what_many_records_lack(
    office: BackOffice,
) -> None:
    records = [await completed(office) for _ in range(4)]
    for record in records[:-1]:
        await office.objects.remove_image("ana", record.image_id)
    shift, other = (NightShift(office.items, clock=office.clock) for _ in range(2))
    taken = []

    class Slow(ObjectStore):
        async def newest(self, key: str) -> str | None:
            office.clock.now += LEASE_S - 10
            taken.append(await other.take("2026-11-23"))
            return await ObjectStore.newest(self, key)

    assert await shift.take("2026-11-23")
    slow = Slow(office.aws.s3, office.bucket)
    report = await reconciler(office, objects=slow, went_on=shift.extend).run()

    assert report.incomplete.count == 3
    assert taken == [False] * 3


async def test_a_comparison_whose_sweeper_died_is_taken_over_and_the_slow_one_stops(
    office: BackOffice,
) -> None:
    dead, other = (NightShift(office.items, clock=office.clock) for _ in range(2))
    assert await dead.take("2026-11-23")
    assert not await other.take("2026-11-23")
    office.clock.now += LEASE_S - 1
    await dead.extend()
    office.clock.now += LEASE_S - 1
    assert not await other.take("2026-11-23")
    # Nor is one that takes more than a day cut off, and never done.
    assert not await other.take("2026-11-24")
    office.clock.now += 2

    assert await other.take("2026-11-23")

    office.clock.now += 61
    with pytest.raises(StaleRecord):
        await dead.extend()
    await other.finish()
    office.clock.now += 10 * LEASE_S
    assert not await dead.take("2026-11-23")
    assert await dead.take("2026-11-24")


async def test_the_log_has_counts_and_few_ids_and_no_user(
    office: BackOffice, caplog: pytest.LogCaptureFixture
) -> None:
    report = Report()
    for number in range(1000):
        report.orphans.add("ana@example.org", f"id-{number}")

    with caplog.at_level("INFO"):
        log_report(report)

    [line] = caplog.records
    said = vars(line)
    assert (line.message, said["orphans"]) == ("reconciled", 1000)
    assert len(said["orphan_ids"]) == EXAMPLES
    assert "example.org" not in str(said)


async def printed_by_hand(office: BackOffice, endpoint: str, *options: str) -> list[dict[str, Any]]:
    """Each line that the command prints, as JSON."""
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "GATEWAY_IMAGES_BUCKET": office.bucket,
        "GATEWAY_RECORDS_TABLE": office.table,
        "GATEWAY_INGEST_QUEUE_URL": office.ingest_url,
        "GATEWAY_CAPTION_QUEUE_URL": office.caption_url,
        "GATEWAY_USER_HASH_KEY": "h" * 32,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.gateway.reconciler", *options),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in printed.splitlines()]


async def test_by_hand_it_prints_its_report_and_mends_nothing_that_is_young(
    office: BackOffice, ministack: str
) -> None:
    orphan = office.new_record()
    await office.put(image_object_key("ana", orphan.image_id, "original.jpg"))

    [report] = await printed_by_hand(office, ministack, "--mend")

    assert (report["images"], report["orphans"], report["removed"]) == (1, 0, 0)
    assert len(await office.versions()) == 1


async def test_as_a_task_it_logs_one_event_that_names_no_user(
    office: BackOffice, ministack: str
) -> None:
    user = "ana@example.org"
    record = await completed(office, user)
    await office.objects.delete_versions(image_object_key(user, record.image_id, OBJECTS[0]))

    lines = await printed_by_hand(office, ministack, "--log")

    [event] = [line for line in lines if line["event"] == "reconciled"]
    assert (event["service"], event["incomplete_ids"]) == ("reconciler", [record.image_id])
    assert "example.org" not in str(lines)
