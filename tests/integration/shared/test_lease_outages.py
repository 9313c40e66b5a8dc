"""DynamoDB goes away while a job is held: what was made is not lost, nor made twice."""

from typing import Any, Literal

import pytest

from shared.consumer import Delivery
from shared.contracts import ImageUploaded, Message
from shared.errors import DependencyUnavailable, StaleRecord
from shared.items import Update
from shared.leases import Claim, Leases
from shared.record_store import RecordStore
from shared.records import ImageRecord, Status
from shared.stages import StageRunner
from tests.integration.shared.conftest import Clock
from tests.integration.shared.test_leases import CAPTIONED, FAILURE, INGESTED, claimed

Lost = Literal["call", "answer"]


class Unreliable(RecordStore):
    """Records in a real table; so many of the next calls, or of the answers to them, get lost."""

    lost = 0
    what: Lost = "call"

    async def update(self, user_id: str, image_id: str, update: Update) -> ImageRecord:
        if self.lost and self.what == "call":
            self.lost -= 1
            raise DependencyUnavailable("dynamodb")
        record = await super().update(user_id, image_id, update)
        if self.lost:
            self.lost -= 1
            raise DependencyUnavailable("dynamodb")
        return record


@pytest.fixture
def records(dynamodb: Any, table: str, clock: Clock) -> Unreliable:
    return Unreliable(dynamodb, table, clock=clock)


async def test_what_ends_a_stage_is_written_once_dynamodb_is_back(
    leases: Leases, records: Unreliable, uploaded: ImageUploaded
) -> None:
    claim = await claimed(leases, uploaded)
    records.lost = 2

    record = await leases.finish_ingest(claim, INGESTED)

    assert record.status is Status.CAPTIONING
    assert record.version == claim.record.version + 1


async def test_a_failure_is_written_once_dynamodb_is_back(
    leases: Leases, records: Unreliable, uploaded: ImageUploaded
) -> None:
    claim = await claimed(leases, uploaded)
    records.lost = 1

    assert (await leases.fail(claim, FAILURE)).status is Status.FAILED


async def test_an_end_whose_answer_was_lost_is_written_once(
    leases: Leases, records: Unreliable, uploaded: ImageUploaded
) -> None:
    claim = await claimed(leases, uploaded)
    records.lost, records.what = 1, "answer"

    # The second try finds the lease gone, as after any other worker's write: the message comes
    # back, and whoever gets it sees that the stage is over.
    with pytest.raises(StaleRecord):
        await leases.finish_ingest(claim, INGESTED)

    record = await records.get(claim.record.user_id, claim.record.image_id)
    assert record is not None
    assert (record.status, record.version) == (Status.CAPTIONING, claim.record.version + 1)


async def test_patience_has_an_end_and_leaves_the_lease_to_run_out(
    records: Unreliable, uploaded: ImageUploaded, clock: Clock
) -> None:
    leases = Leases(records, lease=60, persist=1, clock=clock)
    claim = await claimed(leases, uploaded)
    records.lost = 100

    with pytest.raises(DependencyUnavailable):
        await leases.finish_caption(claim, CAPTIONED)

    record = await records.get(claim.record.user_id, claim.record.image_id)
    assert record is not None
    assert (record.status, record.lease_id) == (Status.INGESTING, claim.lease_id)


async def test_a_job_that_dynamodb_failed_is_given_back_uncounted_once_it_is_back(
    leases: Leases, records: Unreliable, uploaded: ImageUploaded
) -> None:
    async def work(_: Claim) -> None:
        records.lost = 2
        raise DependencyUnavailable("dynamodb")

    async def vanished(_: Message) -> bool:
        raise AssertionError("the record is there")

    runner = StageRunner(leases, Status.INGESTING, work=work, vanished=vanished)
    with pytest.raises(DependencyUnavailable):
        await runner.run(Delivery(uploaded, 1))

    record = await records.get(uploaded.user_id, uploaded.image_id)
    assert record is not None
    assert (record.attempts_made, record.lease_id) == (0, None)


async def test_a_worker_that_stops_gives_its_job_back_at_the_first_try_or_not_at_all(
    leases: Leases, records: Unreliable, uploaded: ImageUploaded
) -> None:
    claim = await claimed(leases, uploaded)
    records.lost = 1

    with pytest.raises(DependencyUnavailable):
        await leases.release(claim)


async def test_a_heartbeat_is_tried_once(
    leases: Leases, records: Unreliable, uploaded: ImageUploaded
) -> None:
    claim = await claimed(leases, uploaded)
    records.lost = 1

    with pytest.raises(DependencyUnavailable):
        await leases.extend(claim)

    await leases.extend(claim)
