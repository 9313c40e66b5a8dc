"""Direct uploads that nobody completes: the sweeper gives their unit back, once."""

import asyncio

import pytest

from services.gateway.pending_uploads import GRACE_S, UploadExpired, UploadUnknown
from shared.contracts import CaptionOptions
from shared.object_store import upload_key
from tests.integration.gateway.back_office import BackOffice

USER = "ana"
LIFE_S = 300


async def promised(office: BackOffice) -> str:
    """An upload that has begun, cost its unit and brought its file."""
    upload_id = office.ids.new()
    spent = await office.controls.spend(USER)
    await office.uploads.promise(
        USER,
        upload_id,
        epoch=spent.epoch,
        expires_at=office.clock() + LIFE_S,
        options=CaptionOptions(),
        batch=None,
    )
    await office.objects.put(upload_key(USER, upload_id), b"photo", content_type="image/png")
    return upload_id


async def sweep(office: BackOffice, after: float) -> None:
    """Let time pass, then have three sweepers at once go through everything."""
    office.clock.now += after
    sweepers = [await office.sweeper() for _ in range(3)]
    await asyncio.gather(*(sweeper.sweep() for sweeper in sweepers))


async def debt(office: BackOffice) -> float:
    """The seconds until the user's quota is full again."""
    return (await office.controls.bucket(USER)).resets_in


async def test_an_upload_that_nobody_completes_is_forgotten_and_its_unit_comes_back_once(
    office: BackOffice,
) -> None:
    upload_id = await promised(office)
    for _ in range(9):
        await office.controls.spend(USER)

    await sweep(office, LIFE_S + GRACE_S + 1)

    assert await debt(office) == 9 * 60 - (LIFE_S + GRACE_S + 1)
    assert await office.objects.newest(upload_key(USER, upload_id)) is None
    with pytest.raises(UploadExpired):
        await office.uploads.complete(USER, upload_id)


async def test_an_upload_that_may_still_be_completed_is_left_alone(office: BackOffice) -> None:
    upload_id = await promised(office)

    await sweep(office, LIFE_S + GRACE_S - 1)

    record, new = await office.uploads.complete(USER, upload_id)
    assert (record.image_id, new) == (upload_id, True)


async def test_a_completed_upload_is_never_given_back(office: BackOffice) -> None:
    upload_id = await promised(office)
    await office.uploads.complete(USER, upload_id)

    assert await office.uploads.expire(USER, upload_id) is False
    assert await debt(office) == 60


async def test_whoever_deletes_everything_has_no_uploads_left(office: BackOffice) -> None:
    upload_id = await promised(office)

    await office.eraser.run(await office.begin(USER))

    with pytest.raises(UploadUnknown):
        await office.uploads.complete(USER, upload_id)
