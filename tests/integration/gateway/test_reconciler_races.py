"""Bucket and table compared while others make and delete photos: no difference is invented."""

from collections.abc import Awaitable, Callable

import pytest

from services.gateway.reconciling import DAY_S
from shared.object_store import ObjectStore, StoredVersion, VersionMarker, image_object_key
from shared.records import ImageRecord
from tests.integration.gateway.back_office import BackOffice
from tests.integration.gateway.comparing import compared, completed, differences, reconciler

# The bucket has the machine's clock.
pytestmark = pytest.mark.usefixtures("machine_clock")


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
