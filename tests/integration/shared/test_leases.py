"""Claims and leases against a real DynamoDB protocol: who may write what, and when."""

import pytest

from shared.contracts import ImageUploaded
from shared.errors import StaleRecord
from shared.leases import Claim, Leases, Refused
from shared.record_store import ConditionFailed, RecordStore
from shared.records import (
    MAX_ATTEMPTS,
    CaptionResult,
    Failure,
    ImageRecord,
    IngestResult,
    Provider,
    Refusal,
    Status,
    StoredImage,
)
from tests.integration.shared.conftest import Clock

INGESTED = IngestResult(
    original=StoredImage(key="o", content_type="image/jpeg", bytes=1, width=4, height=3),
    thumbnail=StoredImage(key="t", content_type="image/jpeg", bytes=1, width=4, height=3),
    model_input=StoredImage(key="m", content_type="image/jpeg", bytes=1, width=4, height=3),
)
CAPTIONED = CaptionResult(
    concise="A cat",
    creative="A cat sleeps.",
    alt_text="A cat",
    language="en",
    provider=Provider(name="local", model="m", degraded=True),
)
FAILURE = Failure(code="undecodable_image", detail="No.", retryable=False, stage="ingest")


async def claimed(leases: Leases, message: ImageUploaded) -> Claim:
    claim = await leases.claim(message, Status.INGESTING)
    assert isinstance(claim, Claim)
    return claim


async def test_a_claim_counts_the_attempt_and_shows_the_status(
    leases: Leases, uploaded: ImageUploaded
) -> None:
    claim = await claimed(leases, uploaded)

    assert claim.record.status is Status.INGESTING
    assert claim.record.attempts_made == 1
    assert claim.record.version == 2


async def test_of_two_deliveries_one_gets_the_job(leases: Leases, uploaded: ImageUploaded) -> None:
    await claimed(leases, uploaded)

    second = await leases.claim(uploaded, Status.INGESTING)

    assert isinstance(second, Refused)
    assert second.refusal is Refusal.LEASED


async def test_the_job_of_a_dead_worker_is_taken_over_and_it_can_write_no_more(
    leases: Leases, uploaded: ImageUploaded, clock: Clock
) -> None:
    dead = await claimed(leases, uploaded)
    clock.now += 61
    await claimed(leases, uploaded)

    with pytest.raises(StaleRecord):
        await leases.finish_ingest(dead, INGESTED)
    with pytest.raises(StaleRecord):
        await leases.fail(dead, FAILURE)
    with pytest.raises(StaleRecord):
        await leases.extend(dead)


async def test_an_extended_lease_holds(
    leases: Leases, uploaded: ImageUploaded, clock: Clock
) -> None:
    claim = await claimed(leases, uploaded)
    clock.now += 50
    await leases.extend(claim)
    clock.now += 50

    refused = await leases.claim(uploaded, Status.INGESTING)

    assert isinstance(refused, Refused)


async def test_a_released_job_is_free_at_once_and_its_attempt_uncounted(
    leases: Leases, uploaded: ImageUploaded
) -> None:
    await leases.release(await claimed(leases, uploaded))

    again = await claimed(leases, uploaded)

    assert again.record.attempts_made == 1


async def test_a_failed_attempt_stays_counted_until_none_is_left(
    leases: Leases, uploaded: ImageUploaded
) -> None:
    for _ in range(MAX_ATTEMPTS):
        await leases.give_up_attempt(await claimed(leases, uploaded))

    refused = await leases.claim(uploaded, Status.INGESTING)

    assert isinstance(refused, Refused)
    assert refused.refusal is Refusal.EXHAUSTED


async def test_a_finished_stage_hands_on_an_unsent_hop_with_fresh_attempts(
    leases: Leases, uploaded: ImageUploaded
) -> None:
    moved = await leases.finish_ingest(await claimed(leases, uploaded), INGESTED)

    assert (moved.status, moved.sent, moved.attempts_made) == (Status.CAPTIONING, False, 0)
    assert moved.lease_id is None
    assert [entry.stage for entry in moved.timeline] == ["queued", "ingest"]


async def test_a_redelivered_message_whose_next_hop_is_unsent_says_so(
    leases: Leases, uploaded: ImageUploaded
) -> None:
    await leases.finish_ingest(await claimed(leases, uploaded), INGESTED)

    refused = await leases.claim(uploaded, Status.INGESTING)

    assert isinstance(refused, Refused)
    assert refused.refusal is Refusal.UNSENT_HOP


async def test_captions_complete_the_record_and_take_it_out_of_the_sparse_index(
    leases: Leases, records: RecordStore, uploaded: ImageUploaded
) -> None:
    await leases.finish_ingest(await claimed(leases, uploaded), INGESTED)
    claim = await leases.claim(uploaded, Status.CAPTIONING)
    assert isinstance(claim, Claim)

    done = await leases.finish_caption(claim, CAPTIONED)

    assert done.status is Status.COMPLETED
    assert done.check_at is None
    assert await records.get(done.user_id, done.image_id) == done


async def test_a_late_message_of_an_older_job_is_superseded(
    leases: Leases, uploaded: ImageUploaded
) -> None:
    late = uploaded.model_copy(update={"job": "an older one"})

    refused = await leases.claim(late, Status.INGESTING)

    assert isinstance(refused, Refused)
    assert refused.refusal is Refusal.SUPERSEDED


async def test_a_claim_on_a_deleted_record_brings_nothing_back(
    leases: Leases, records: RecordStore, uploaded: ImageUploaded
) -> None:
    gone = uploaded.model_copy(update={"image_id": "0193a1b2-c3d4-7e5f-8a9b-000000000000"})

    refused = await leases.claim(gone, Status.INGESTING)

    assert isinstance(refused, Refused)
    assert refused.refusal is Refusal.GONE
    assert await records.get(gone.user_id, gone.image_id) is None


async def test_an_exhausted_record_fails_only_while_it_still_is(
    leases: Leases, records: RecordStore, uploaded: ImageUploaded, stored: ImageRecord
) -> None:
    await leases.fail_exhausted(stored, FAILURE)
    untouched = await records.get(stored.user_id, stored.image_id)
    for _ in range(MAX_ATTEMPTS):
        await leases.give_up_attempt(await claimed(leases, uploaded))

    await leases.fail_exhausted(stored, FAILURE)

    assert untouched is not None
    assert untouched.status is Status.QUEUED
    failed = await records.get(stored.user_id, stored.image_id)
    assert failed is not None
    assert (failed.status, failed.error) == (Status.FAILED, FAILURE)


async def test_a_failed_condition_carries_the_record_that_stood_in_the_way(
    leases: Leases, uploaded: ImageUploaded, clock: Clock
) -> None:
    dead = await claimed(leases, uploaded)
    clock.now += 61
    holder = await claimed(leases, uploaded)

    with pytest.raises(ConditionFailed) as failed:
        await leases.finish_ingest(dead, INGESTED)

    assert failed.value.record is not None
    assert failed.value.record.lease_id == holder.lease_id
