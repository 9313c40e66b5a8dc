"""Degraded captions made better in the background: which, when, how many, and what if it fails."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from services.gateway.edits import CaptionEdits, write_edits
from services.gateway.reconciling import DAY_S
from services.gateway.restarts import Restarts
from services.gateway.upgrades import QUIET_S, UpgradeBudget, Upgrades, provider_that_is_back
from shared.consumer import Delivery
from shared.contracts import CaptionOptions, ImageIngested
from shared.errors import Permanent, StaleRecord, Transient
from shared.hops import message_of
from shared.items import Update
from shared.leases import Claim
from shared.provider_health import ProcessReport, ProviderReport, write_report
from shared.provider_switches import switch
from shared.publisher import Publisher
from shared.records import (
    MAX_ATTEMPTS,
    CaptionResult,
    ImageRecord,
    Provider,
    Status,
    StoredImage,
)
from shared.stages import StageRunner
from shared.upgrades import UPGRADE_TRIES
from tests.integration.gateway.back_office import BackOffice, back_office
from tests.integration.gateway.conftest import Gateway, clients
from tests.integration.gateway.finished import finished

MODEL_INPUT = StoredImage(key="m", content_type="image/jpeg", bytes=1, width=4, height=3)
PAUSE_S = 5.0


@pytest.fixture
async def office(aws: str, ministack: str) -> AsyncIterator[BackOffice]:
    async with clients(ministack) as made, back_office(made) as it:
        it.clock.now = time.time()  # reports are as old as the machine's clock says
        yield it


def provider_of(name: str = "bedrock", **changes: Any) -> ProviderReport:
    values = {"name": name, "model": "m", "circuit": "closed", "tries": 0, "answered": 0}
    return ProviderReport.model_validate(values | {"latency": ()} | changes)


async def report(office: BackOffice, process: str = "p", **changes: Any) -> None:
    providers = (provider_of(**changes), provider_of("local"))
    await write_report(office.items, process, ProcessReport(at=time.time(), providers=providers))


def captions(name: str = "local", *, degraded: bool = True) -> CaptionResult:
    return CaptionResult(
        concise=f"By {name}",
        creative=f"A cat, by {name}.",
        alt_text="A cat",
        language="en",
        provider=Provider(name=name, model="m", degraded=degraded),
    )


async def claimed(office: BackOffice, record: ImageRecord) -> Claim:
    message = message_of(record)
    assert isinstance(message, ImageIngested)
    claim = await office.leases.claim(message, Status.CAPTIONING)
    assert isinstance(claim, Claim)
    return claim


async def waiting(office: BackOffice, user: str = "ana", **changes: Any) -> ImageRecord:
    """A photo that a lesser provider captioned just now."""
    values: dict[str, Any] = {"status": Status.CAPTIONING, "model_input": MODEL_INPUT}
    record = office.new_record(user, **values | changes)
    await office.records.create(record)
    claim = await claimed(office, record)
    return await office.leases.finish_caption(claim, captions(), upgradable=True)


async def upgrades(office: BackOffice, *, limit: int = 100) -> Upgrades:
    enter = office.stack.enter_async_context
    publisher = await enter(Publisher(office.aws.sqs, office.caption_url))
    return Upgrades(
        office.items,
        office.records,
        Restarts(
            office.records, office.objects, {Status.CAPTIONING: publisher}, clock=office.clock
        ),
        UpgradeBudget(office.items, limit=limit, pause=PAUSE_S, clock=office.clock),
        clock=office.clock,
    )


async def current(office: BackOffice, record: ImageRecord) -> ImageRecord:
    found = await office.records.get(record.user_id, record.image_id)
    assert found is not None
    return found


async def upgrading(office: BackOffice, **changes: Any) -> ImageRecord:
    """A photo whose upgrade has just begun."""
    await waiting(office, **changes)
    await report(office)
    office.clock.now += 60
    begun = await (await upgrades(office)).step()
    assert begun is not None
    return begun


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


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"circuit": "open"}, id="open"),
        pytest.param({"held": "over_budget"}, id="over the day's budget"),
        pytest.param({"last_fault_at": 1000.0}, id="a fault just now"),
        pytest.param({"name": "local"}, id="nothing better than local"),
        pytest.param({"name": "sagemaker"}, id="another first provider"),
    ],
)
def test_a_provider_that_one_captioner_has_trouble_with_is_not_back(changes: Any) -> None:
    well, other = provider_of(), provider_of(**changes)
    reports = [ProcessReport(at=0, providers=(each,)) for each in (well, other)]

    assert provider_that_is_back(reports, now=1000 + QUIET_S - 1) is None


def test_a_photo_that_was_refused_just_now_says_nothing_about_the_provider() -> None:
    refusing = provider_of(last_error="refusal", last_error_at=1000.0)

    assert (
        provider_that_is_back([ProcessReport(at=0, providers=(refusing,))], now=1001) == "bedrock"
    )


def test_a_provider_is_back_when_all_captioners_have_had_no_trouble_for_a_while() -> None:
    once = provider_of(circuit="half_open", last_fault_at=1000.0)
    reports = [
        ProcessReport(at=0, providers=(each, provider_of("local")))
        for each in (once, provider_of())
    ]

    assert provider_that_is_back(reports, now=1001 + QUIET_S) == "bedrock"
    assert provider_that_is_back([], now=0) is None
    assert provider_that_is_back([ProcessReport(at=0, providers=())], now=0) is None


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
