"""Upgrades that fail, or that the owner is ahead of: what was there stays, and nobody waits."""

from collections.abc import Callable
from typing import Any

import pytest

from services.gateway.edits import CaptionEdits, write_edits
from services.gateway.reconciling import DAY_S
from shared.consumer import Delivery
from shared.contracts import CaptionOptions
from shared.errors import Permanent, StaleRecord, Transient
from shared.hops import message_of
from shared.leases import Claim
from shared.records import MAX_ATTEMPTS, ImageRecord, Status
from shared.stages import StageRunner
from shared.upgrades import UPGRADE_TRIES
from tests.integration.gateway.back_office import BackOffice, current
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.finished import finished
from tests.integration.gateway.upgrading import (
    MODEL_INPUT,
    captions,
    claimed,
    report,
    upgrades,
    upgrading,
    waiting,
)

# Reports are as old as the machine's clock says.
pytestmark = pytest.mark.usefixtures("machine_clock")


async def by_permanent_failure(office: BackOffice, record: ImageRecord) -> None:
    await deliver(office, record, Permanent("internal_error", "No."))


async def by_attempts(office: BackOffice, record: ImageRecord) -> None:
    for attempt in range(MAX_ATTEMPTS):
        error = Transient("none answered", code="providers_exhausted")
        if attempt < MAX_ATTEMPTS - 1:
            with pytest.raises(Transient):
                await deliver(office, record, error)
        else:
            await deliver(office, record, error)


async def by_deaths(office: BackOffice, record: ImageRecord) -> None:
    for _ in range(MAX_ATTEMPTS):
        await claimed(office, record)
        office.clock.now += 61
    await deliver(office, record, AssertionError())


async def by_age(office: BackOffice, record: ImageRecord) -> None:
    office.clock.now += 6 * 3600 + 60
    await (await office.sweeper()).sweep()


async def by_a_lesser_provider(office: BackOffice, record: ImageRecord) -> None:
    await office.leases.finish_caption(await claimed(office, record), captions("huggingface"))


async def deliver(office: BackOffice, record: ImageRecord, error: Exception) -> None:
    async def work(_: Claim) -> None:
        raise error

    message = message_of(record)
    assert message is not None
    runner = StageRunner(
        office.leases,
        Status.CAPTIONING,
        work=work,
        vanished=office.purger.vanished,
        clock=office.clock,
    )
    await runner.run(Delivery(message, 1))


FAILURES = [by_permanent_failure, by_attempts, by_deaths, by_age, by_a_lesser_provider]


@pytest.mark.parametrize("fail", FAILURES, ids=lambda fail: fail.__name__)
async def test_an_upgrade_that_fails_leaves_the_captions_and_is_tried_three_times(
    office: BackOffice, fail: Callable[[BackOffice, ImageRecord], Any]
) -> None:
    record = await upgrading(office)

    for left in reversed(range(UPGRADE_TRIES)):
        await fail(office, record)

        now = await current(office, record)
        assert (now.status, now.error, now.upgrade_job) == (Status.COMPLETED, None, None)
        assert (now.concise_caption, now.lease_id) == ("By local", None)
        assert now.provider == captions().provider
        office.clock.now += 60
        begun = await (await upgrades(office)).step()
        assert (begun is not None) == (left > 0)
        record = begun or record
    assert (await current(office, record)).check_at is None


async def test_a_failed_upgrade_is_not_told_as_a_photo_that_was_completed(
    office: BackOffice,
) -> None:
    told: list[Status] = []
    record = await upgrading(office)
    leases = type(office.leases)(
        office.records, lease=60, moved=lambda moved: told.append(moved.status), clock=office.clock
    )
    office.leases = leases

    await by_a_lesser_provider(office, record)
    office.clock.now += 60
    again = await (await upgrades(office)).step()
    assert again is not None
    await by_permanent_failure(office, again)

    assert told == []


async def edited(office: BackOffice, record: ImageRecord) -> None:
    await write_edits(office.records, record, CaptionEdits(concise="Mine"), pinned=False)


async def deleted_with_everything(office: BackOffice, record: ImageRecord) -> None:
    await office.begin()


async def too_old(office: BackOffice, record: ImageRecord) -> None:
    office.clock.now += DAY_S + 1


@pytest.mark.parametrize(
    "happen", [edited, deleted_with_everything, too_old], ids=lambda happen: happen.__name__
)
async def test_what_waits_in_vain_leaves_the_index_and_keeps_no_other_waiting(
    office: BackOffice, happen: Callable[[BackOffice, ImageRecord], Any]
) -> None:
    vain = await waiting(office)
    await happen(office, vain)
    office.clock.now += 1
    fit = await waiting(office, "bob")
    await report(office)

    begun = await (await upgrades(office)).step()

    assert begun is not None
    assert begun.image_id == fit.image_id
    [found] = (await office.records.find([("ana", vain.image_id)])).values()
    assert (found.record.status, found.record.check_at) == (Status.COMPLETED, None)


async def test_an_edit_during_the_upgrade_wins(office: BackOffice) -> None:
    record = await upgrading(office)
    claim = await claimed(office, record)

    await edited(office, await current(office, record))
    await office.leases.finish_caption(claim, captions("bedrock", degraded=False))

    now = await current(office, record)
    assert (now.status, now.edited_concise) == (Status.COMPLETED, "Mine")


async def test_an_edit_made_at_the_last_moment_keeps_the_upgrade_from_beginning(
    office: BackOffice,
) -> None:
    record = await waiting(office)
    upgrade = await upgrades(office)
    await edited(office, record)

    with pytest.raises(StaleRecord):
        await upgrade.restarts.upgrade(record)


async def test_what_the_owner_asks_for_takes_over_from_the_upgrade(office: BackOffice) -> None:
    record = await upgrading(office)
    claim = await claimed(office, record)
    restarts = (await upgrades(office)).restarts

    asked = await restarts.caption_again(
        await current(office, record), CaptionOptions(language="fr"), epoch=0
    )

    assert not asked.is_upgrading
    assert asked.upgrade_tries == 0
    with pytest.raises(StaleRecord):
        await office.leases.finish_caption(claim, captions("bedrock", degraded=False))
    assert (await current(office, record)).options.language == "fr"


async def test_the_owner_reads_edits_and_asks_anew_while_an_upgrade_runs(
    gateway: Gateway,
) -> None:
    upgraded = {"status": Status.CAPTIONING, "job": "u", "upgrade_job": "u", "sent": True}
    record = await finished(gateway, b"x", **upgraded, model_input=MODEL_INPUT)
    url, headers = f"/v1/images/{record.image_id}", gateway.auth()

    async with gateway.http.get(url, headers=headers) as answer:
        shown = await answer.json()
    body = {"captions": {"concise": "Mine"}}
    async with gateway.http.patch(url, json=body, headers=headers) as edit:
        changed = await edit.json()
    async with gateway.http.post(f"{url}/captions", headers=headers) as again:
        begun = again.status

    assert (shown["status"], shown["captions"]["concise"]) == ("captioning", "A cat")
    assert (edit.status, changed["captions"]["concise"]) == (200, "Mine")
    assert begun == 202
