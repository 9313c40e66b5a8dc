"""Deleting everything while others work, whoever dies in the middle: nothing old is left."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from shared.errors import DependencyUnavailable, Postponed, StaleRecord
from shared.leases import Claim
from shared.object_store import ObjectStore, VersionMarker, VersionPage, image_object_key
from tests.integration.gateway.back_office import BackOffice, counts, erased
from tests.integration.shared.test_leases import INGESTED


async def test_an_upload_whose_record_is_not_written_yet_is_left_to_its_worker(
    office: BackOffice,
) -> None:
    old, new = office.new_record(), office.new_record(epoch=1)
    for record in (old, new):
        await office.put(record.upload_key)
    office.clock.now += 0.5
    await erased(office)
    for record in (old, new):
        await office.records.create(record)

    async def work(claim: Claim) -> None:
        assert claim.record.image_id == new.image_id

    for record in (old, new):
        await office.deliver(record, work)

    assert await office.versions() == [new.upload_key]
    assert await office.partition() == [f"IMAGE#{new.image_id}"]


@dataclass(frozen=True, slots=True)
class FailingStore(ObjectStore):
    """A bucket with pages of two, that stops answering after some deletes."""

    left: list[int] = field(default_factory=list)

    async def delete(self, versions: Sequence[tuple[str, str]]) -> None:
        if not self.left:
            raise DependencyUnavailable("s3")
        self.left.pop()
        await ObjectStore.delete(self, versions)

    async def versions(self, prefix: str, *, after: VersionMarker | None = None) -> VersionPage:
        page = await ObjectStore.versions(self, prefix, after=after)
        first = sorted(page.versions)[:2]
        return VersionPage(first, first[-1] if len(page.versions) > 2 else None)


@pytest.mark.parametrize("deletes", range(8))
async def test_a_deletion_that_is_interrupted_goes_on_where_it_was_and_counts_once(
    office: BackOffice, deletes: int
) -> None:
    for _ in range(3):
        await office.photo()
    office.clock.now += 10
    failing = FailingStore(office.aws.s3, office.bucket, left=[0] * deletes)
    held = await office.begin()
    with pytest.raises(DependencyUnavailable):
        await office.eraser_on(failing).run(held)
    office.clock.now += 60

    sweeper = await office.sweeper()
    await sweeper.sweep()
    await sweeper.finish_erasures()

    receipt = await office.jobs.latest("ana")
    assert receipt is not None
    assert (receipt.status, *counts(receipt)) == ("completed", 3, 12, 15)
    assert await office.versions() == []
    assert await office.partition() == []


async def test_of_two_who_work_on_one_deletion_the_slower_one_stops(office: BackOffice) -> None:
    await office.photo()
    office.clock.now += 10
    slow = await office.begin()
    office.clock.now += 60
    sweeper = await office.sweeper()
    await sweeper.sweep()
    await sweeper.finish_erasures()

    with pytest.raises(StaleRecord):
        await office.eraser.run(slow)


async def test_a_job_under_way_brings_nothing_back(office: BackOffice) -> None:
    record = await office.photo()

    async def work(claim: Claim) -> None:
        office.clock.now += 10
        await erased(office)
        await office.put(image_object_key("ana", record.image_id, "original.jpg"))
        await office.leases.finish_ingest(claim, INGESTED)

    await office.deliver(record, work)

    assert await office.versions() == []
    assert await office.partition() == []


async def never(claim: Claim) -> None:
    raise AssertionError("a job of an older epoch was begun")


async def test_a_job_of_an_older_epoch_waits_for_the_deletion_and_is_never_begun(
    office: BackOffice,
) -> None:
    record = await office.photo()
    held = await office.begin()
    with pytest.raises(Postponed):
        await office.deliver(record, never)
    await office.eraser.run(held)

    await office.deliver(record, never)

    receipt = await office.jobs.latest("ana")
    assert receipt is not None
    assert counts(receipt) == (1, 4, 5)
    assert await office.partition() == []


async def test_a_record_written_after_the_end_goes_with_its_message(office: BackOffice) -> None:
    late = office.new_record()
    await erased(office)
    await office.store_objects(late)
    await office.records.create(late)

    await office.deliver(late, never)

    assert await office.versions() == []
    assert await office.partition() == []


async def test_a_record_written_after_the_end_whose_message_was_never_sent_goes_too(
    office: BackOffice,
) -> None:
    late = office.new_record()
    await erased(office)
    await office.store_objects(late)
    await office.records.create(late)
    office.clock.now += 31

    await (await office.sweeper()).sweep()

    assert await office.versions() == []
    assert await office.partition() == []
    assert await office.messages(office.ingest_url) == []
