"""Degraded captions made better in the background: which, when and how many."""

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from services.gateway.reconciling import DAY_S
from shared.contracts import CaptionOptions
from shared.items import Update
from shared.provider_switches import switch
from shared.records import Status
from tests.integration.gateway.back_office import BackOffice, current
from tests.integration.gateway.upgrading import (
    MODEL_INPUT,
    PAUSE_S,
    captions,
    claimed,
    report,
    upgrades,
    upgrading,
    waiting,
)

# Reports are as old as the machine's clock says.
pytestmark = pytest.mark.usefixtures("machine_clock")


async def test_the_one_that_has_waited_longest_is_captioned_again_as_it_was_asked_for(
    office: BackOffice,
) -> None:
    options = CaptionOptions(language="de", style="dry", labels=False)
    first = await waiting(office, options=options)
    office.clock.now += 60
    await waiting(office)
    await report(office)

    begun = await (await upgrades(office)).step()

    [message] = await office.messages(office.caption_url)
    assert (message.image_id, message.options) == (first.image_id, options)
    assert begun is not None
    assert message.job == begun.job != first.job
    now = await current(office, first)
    assert (now.status, now.sent, now.concise_caption) == (Status.CAPTIONING, True, "By local")
    assert (await office.controls.bucket("ana")).remaining == 60


async def test_the_better_captions_replace_the_degraded_ones_and_wait_no_more(
    office: BackOffice,
) -> None:
    record = await upgrading(office)

    await office.leases.finish_caption(
        await claimed(office, record), captions("bedrock", degraded=False)
    )

    now = await current(office, record)
    assert (now.status, now.concise_caption, now.check_at) == (Status.COMPLETED, "By bedrock", None)
    assert now.upgrade_job is None
    office.clock.now += 60
    assert await (await upgrades(office)).step() is None


async def test_captions_that_are_not_to_be_upgraded_wait_for_nothing(office: BackOffice) -> None:
    record = office.new_record(status=Status.CAPTIONING, model_input=MODEL_INPUT)
    await office.records.create(record)
    await office.leases.finish_caption(await claimed(office, record), captions())
    await report(office)

    assert await (await upgrades(office)).step() is None
    assert (await current(office, record)).check_at is None


async def test_nothing_is_upgraded_while_no_captioner_says_that_the_provider_is_back(
    office: BackOffice,
) -> None:
    record = await waiting(office)
    upgrade = await upgrades(office)

    assert await upgrade.step() is None
    await report(office, circuit="open")
    assert await upgrade.step() is None
    await report(office, "another")
    assert await upgrade.step() is None

    await report(office)
    assert await upgrade.step() is not None
    assert (await current(office, record)).is_upgrading


async def test_nothing_is_upgraded_while_the_provider_is_switched_off(office: BackOffice) -> None:
    record = await waiting(office)
    await report(office)
    upgrade = await upgrades(office)

    await switch(office.items, "bedrock", on=False, by="ops", at="2026-11-22T12:00:00.000Z")
    assert await upgrade.step() is None
    assert (await current(office, record)).upgrade_tries == 0

    await switch(office.items, "bedrock", on=True, by="ops", at="2026-11-22T12:00:00.000Z")
    assert await upgrade.step() is not None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"options": CaptionOptions(provider="local")}, id="asked for the local one"),
        pytest.param({"model_input": None}, id="nothing to show"),
    ],
)
async def test_what_no_other_provider_could_do_better_is_left(
    office: BackOffice, changes: Any
) -> None:
    record = await waiting(office)
    await office.records.update("ana", record.image_id, Update().set(**changes))
    await report(office)

    assert await (await upgrades(office)).step() is None
    assert (await current(office, record)).check_at is None


async def test_of_many_sweepers_one_upgrades_a_photo_and_all_keep_to_pace_and_budget(
    office: BackOffice,
) -> None:
    for _ in range(5):
        await waiting(office)
    await report(office)
    sweepers = [await upgrades(office, limit=3) for _ in range(4)]

    async def begun() -> int:
        found = await asyncio.gather(*(each.step() for each in sweepers))
        office.clock.now += PAUSE_S
        return sum(each is not None for each in found)

    office.clock.now += DAY_S - office.clock.now % DAY_S - 60  # a minute to midnight
    await report(office)
    assert [await begun() for _ in range(6)] == [1, 1, 1, 0, 0, 0]
    office.clock.now += 60
    assert [await begun() for _ in range(3)] == [1, 1, 0]
    jobs = [message.job for message in await office.messages(office.caption_url)]
    assert len(jobs) == len(set(jobs)) == 5


async def test_the_sweeper_s_process_upgrades_when_it_is_set_to(
    office: BackOffice, ministack: str
) -> None:
    record = await waiting(office)
    await report(office)
    environment = {
        "AWS_ENDPOINT_URL": ministack,
        "GATEWAY_IMAGES_BUCKET": office.bucket,
        "GATEWAY_RECORDS_TABLE": office.table,
        "GATEWAY_INGEST_QUEUE_URL": office.ingest_url,
        "GATEWAY_CAPTION_QUEUE_URL": office.caption_url,
        "GATEWAY_USER_HASH_KEY": "h" * 32,
        "GATEWAY_SWEEPER_UPGRADE_DEGRADED": "true",
        "GATEWAY_SWEEPER_UPGRADE_PAUSE_S": "0.1",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.gateway.sweeper",
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(20):
            assert process.stdout is not None
            assert json.loads(await process.stdout.readline())["event"] == "ready"
            messages: list[Any] = []
            while not messages:
                messages = await office.messages(office.caption_url)
            process.terminate()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert [message.image_id for message in messages] == [record.image_id]
