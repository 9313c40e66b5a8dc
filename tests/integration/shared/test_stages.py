"""One stage of one job: however the work ends, the record and the message agree about it."""

import asyncio
from typing import Any

import pytest

from shared.consumer import Delivery
from shared.contracts import ImageUploaded
from shared.errors import DependencyUnavailable, Permanent, Postponed, StaleRecord, Transient
from shared.items import image_key
from shared.leases import Claim, Leases
from shared.record_store import RecordStore
from shared.records import MAX_ATTEMPTS, ImageRecord, Status
from tests.integration.shared.conftest import Clock, Stage, Work, current
from tests.integration.shared.test_leases import INGESTED


def raising(error: BaseException) -> Work:
    async def work(_: Claim) -> None:
        raise error

    return work


async def test_a_photo_at_fault_fails_at_the_first_attempt_and_its_message_is_settled(
    stage: Stage, records: RecordStore, stored: ImageRecord, uploaded: ImageUploaded
) -> None:
    stage.work = raising(Permanent("undecodable_image", "We could not read this file."))

    await stage.runner.run(Delivery(uploaded, 1))

    record = await current(records, stored)
    assert record.status is Status.FAILED
    assert record.error is not None
    assert (record.error.code, record.error.retryable) == ("undecodable_image", False)
    assert record.attempts_made == 1


async def test_a_dependency_that_is_down_costs_no_attempt(
    stage: Stage, records: RecordStore, stored: ImageRecord, uploaded: ImageUploaded
) -> None:
    stage.work = raising(DependencyUnavailable("s3"))

    with pytest.raises(DependencyUnavailable):
        await stage.runner.run(Delivery(uploaded, 1))

    record = await current(records, stored)
    assert (record.attempts_made, record.lease_id) == (0, None)


async def test_a_worker_told_to_stop_gives_its_job_back(
    stage: Stage, records: RecordStore, stored: ImageRecord, uploaded: ImageUploaded
) -> None:
    stage.work = raising(asyncio.CancelledError())

    with pytest.raises(asyncio.CancelledError):
        await stage.runner.run(Delivery(uploaded, 1))

    record = await current(records, stored)
    assert (record.attempts_made, record.lease_id) == (0, None)


async def test_the_fifth_failed_attempt_fails_the_record_with_the_reason_s_code(
    stage: Stage, records: RecordStore, stored: ImageRecord, uploaded: ImageUploaded
) -> None:
    stage.work = raising(Transient("none answered", code="providers_exhausted"))
    for _ in range(MAX_ATTEMPTS - 1):
        with pytest.raises(Transient):
            await stage.runner.run(Delivery(uploaded, 1))

    await stage.runner.run(Delivery(uploaded, MAX_ATTEMPTS))

    record = await current(records, stored)
    assert record.status is Status.FAILED
    assert record.error is not None
    assert (record.error.code, record.error.retryable) == ("providers_exhausted", True)


async def test_a_job_whose_last_worker_died_fails_when_its_message_returns(
    stage: Stage,
    leases: Leases,
    records: RecordStore,
    stored: ImageRecord,
    uploaded: ImageUploaded,
    clock: Clock,
) -> None:
    for _ in range(MAX_ATTEMPTS):
        assert isinstance(await leases.claim(uploaded, Status.INGESTING), Claim)
        clock.now += 61

    await stage.runner.run(Delivery(uploaded, MAX_ATTEMPTS + 1))

    record = await current(records, stored)
    assert record.status is Status.FAILED
    assert record.error is not None
    assert record.error.code == "timed_out"


async def test_a_second_delivery_waits_for_the_end_of_the_first_one_s_lease(
    stage: Stage, leases: Leases, uploaded: ImageUploaded
) -> None:
    await leases.claim(uploaded, Status.INGESTING)

    with pytest.raises(Postponed) as postponed:
        await stage.runner.run(Delivery(uploaded, 2))

    assert 60 <= postponed.value.delay <= 66


async def test_a_redelivery_sends_the_hop_that_its_worker_died_before_sending(
    stage: Stage, leases: Leases, uploaded: ImageUploaded
) -> None:
    claim = await leases.claim(uploaded, Status.INGESTING)
    assert isinstance(claim, Claim)
    moved = await leases.finish_ingest(claim, INGESTED)

    await stage.runner.run(Delivery(uploaded, 2))

    assert stage.resent == [moved]


async def test_a_record_deleted_before_the_claim_has_its_leftovers_removed(
    stage: Stage, uploaded: ImageUploaded
) -> None:
    gone = uploaded.model_copy(update={"image_id": "0193a1b2-c3d4-7e5f-8a9b-000000000000"})

    await stage.runner.run(Delivery(gone, 1))

    assert stage.removed == [("ana", gone.image_id)]


async def test_a_record_deleted_during_the_work_has_what_was_written_removed(
    stage: Stage,
    leases: Leases,
    dynamodb: Any,
    table: str,
    stored: ImageRecord,
    uploaded: ImageUploaded,
) -> None:
    async def work(claim: Claim) -> None:
        await dynamodb.delete_item(TableName=table, Key=image_key(stored.user_id, stored.image_id))
        await leases.finish_ingest(claim, INGESTED)

    stage.work = work

    await stage.runner.run(Delivery(uploaded, 1))

    assert stage.removed == [(stored.user_id, stored.image_id)]


async def test_a_photo_that_fails_after_its_record_is_gone_is_cleared_away_too(
    stage: Stage, dynamodb: Any, table: str, stored: ImageRecord, uploaded: ImageUploaded
) -> None:
    async def work(_: Claim) -> None:
        await dynamodb.delete_item(TableName=table, Key=image_key(stored.user_id, stored.image_id))
        raise Permanent("timed_out", "The upload was removed before we could read it.")

    stage.work = work

    await stage.runner.run(Delivery(uploaded, 1))

    assert stage.removed == [(stored.user_id, stored.image_id)]


async def test_what_a_running_deletion_counts_is_cleared_away_after_it(
    stage: Stage, uploaded: ImageUploaded
) -> None:
    gone = uploaded.model_copy(update={"image_id": "0193a1b2-c3d4-7e5f-8a9b-000000000000"})
    stage.may_remove = False

    with pytest.raises(Postponed) as early:
        await stage.runner.run(Delivery(gone, 1))
    with pytest.raises(Postponed) as late:
        await stage.runner.run(Delivery(gone, 19))

    assert early.value.delay < 10
    assert late.value.delay > 600


async def test_a_worker_that_lost_its_lease_changes_nothing(
    stage: Stage,
    leases: Leases,
    records: RecordStore,
    stored: ImageRecord,
    uploaded: ImageUploaded,
    clock: Clock,
) -> None:
    async def work(claim: Claim) -> None:
        clock.now += 61
        await leases.claim(uploaded, Status.INGESTING)
        await leases.finish_ingest(claim, INGESTED)

    stage.work = work

    with pytest.raises(StaleRecord):
        await stage.runner.run(Delivery(uploaded, 1))

    record = await current(records, stored)
    assert (record.status, record.attempts_made) == (Status.INGESTING, 2)
