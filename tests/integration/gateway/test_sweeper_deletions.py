"""The sweeper and deleted photos: what was promised is kept, and what comes late goes too."""

from dataclasses import replace

from shared.errors import DependencyUnavailable
from shared.leases import Claim
from shared.object_store import ObjectStore, image_object_key
from shared.purging import Purger
from shared.records import ImageRecord
from shared.tombstones import SECOND_PURGE_S
from tests.integration.gateway.back_office import BackOffice, sweep
from tests.integration.shared.test_leases import INGESTED


async def test_a_deleted_image_is_purged_once_more_and_forgotten(office: BackOffice) -> None:
    record = await office.photo()
    await office.deletions.delete_image("ana", record.image_id)
    assert await office.versions() == []
    await office.put(image_object_key("ana", record.image_id, "late.jpg"))
    await sweep(office, SECOND_PURGE_S - 1)
    assert await office.partition() == [f"DELETED#{record.image_id}"]

    await sweep(office, 2, times=3)

    assert await office.versions() == []
    assert await office.partition() == []


async def test_a_deletion_whose_gateway_died_is_completed(office: BackOffice) -> None:
    record = await office.photo()
    await office.put_item("ana", "CAPTION#h", image_id=record.image_id)
    await office.tombstones.bury("ana", record.image_id, epoch=0, related=["CAPTION#h"])

    await sweep(office, 61)
    assert await office.versions() == []
    assert await office.partition() == [f"DELETED#{record.image_id}"]
    await sweep(office, SECOND_PURGE_S + 1)

    assert await office.partition() == []


class Unreachable(ObjectStore):
    """A bucket that does not answer."""

    async def remove_image(self, user_id: str, image_id: str) -> int:
        raise DependencyUnavailable("s3")


async def test_a_deletion_is_promised_although_s3_is_down_and_kept_when_it_is_back(
    office: BackOffice,
) -> None:
    record = await office.photo()
    down = Unreachable(office.aws.s3, office.bucket)
    purger = replace(office.purger, objects=down)
    await delete_with(office, purger, record)
    assert await office.records.get("ana", record.image_id) is None
    office.clock.now += 61
    await (await office.sweeper(purger=purger)).sweep()
    assert len(await office.versions()) == 5

    await sweep(office, 61)

    assert await office.versions() == []


async def delete_with(office: BackOffice, purger: Purger, record: ImageRecord) -> None:
    deletions = type(office.deletions)(purger, office.jobs, office.eraser)
    await deletions.delete_image(record.user_id, record.image_id)


async def test_what_a_late_worker_writes_after_a_deletion_is_gone_for_good(
    office: BackOffice,
) -> None:
    record = await office.photo()

    async def work(claim: Claim) -> None:
        await office.deletions.delete_image("ana", record.image_id)
        office.clock.now += SECOND_PURGE_S - 60
        await office.put(image_object_key("ana", record.image_id, "original.jpg"))
        await office.leases.finish_ingest(claim, INGESTED)

    await office.deliver(record, work)

    assert await office.versions() == []
    await sweep(office, 61)
    assert await office.partition() == [f"DELETED#{record.image_id}"]
    await sweep(office, SECOND_PURGE_S)
    assert await office.partition() == []
