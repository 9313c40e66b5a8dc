"""The state machine of a record, as data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.records import (
    CLAIMABLE,
    MAX_ATTEMPTS,
    MOVES,
    ImageRecord,
    Refusal,
    Stage,
    Status,
    refusal_of,
    sources_of,
)

NOW = 1_700_000_000.0
STAGES: tuple[Stage, ...] = (Status.INGESTING, Status.CAPTIONING)


def record(**changes: object) -> ImageRecord:
    fields: dict[str, object] = {
        "user_id": "u",
        "image_id": "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "status": Status.QUEUED,
        "job": "j1",
        "ttl": 2_000_000_000,
        "timestamp": "2026-11-22T12:00:00.000Z",
        "updated_at": "2026-11-22T12:00:00.000Z",
        "hop_started_at": "2026-11-22T12:00:00.000Z",
        "upload_key": "incoming/u/i",
    }
    return ImageRecord.model_validate(fields | changes)


def test_every_status_has_its_moves() -> None:
    assert set(MOVES) == set(Status)


def test_every_non_terminal_status_may_fail() -> None:
    assert set(sources_of(Status.FAILED)) == {s for s in Status if not s.is_terminal}


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_may_claim_may_move_to_that_stage(stage: Stage) -> None:
    assert CLAIMABLE[stage] <= set(sources_of(stage))
    assert not any(status.is_terminal for status in CLAIMABLE[stage])


@pytest.mark.parametrize(
    ("changes", "stage", "refusal"),
    [
        pytest.param({}, Status.INGESTING, None, id="new"),
        pytest.param({"job": "j2"}, Status.INGESTING, Refusal.SUPERSEDED, id="another job"),
        pytest.param({"status": "completed"}, Status.INGESTING, Refusal.FINISHED, id="completed"),
        pytest.param({"status": "failed"}, Status.CAPTIONING, Refusal.FINISHED, id="failed"),
        pytest.param({"status": "queued"}, Status.CAPTIONING, Refusal.FINISHED, id="too early"),
        pytest.param(
            {"status": "captioning", "sent": True},
            Status.INGESTING,
            Refusal.FINISHED,
            id="moved on and sent",
        ),
        pytest.param(
            {"status": "captioning"}, Status.INGESTING, Refusal.UNSENT_HOP, id="moved on, not sent"
        ),
        pytest.param(
            {"status": "ingesting", "lease_until": NOW + 1},
            Status.INGESTING,
            Refusal.LEASED,
            id="somebody is at it",
        ),
        pytest.param(
            {"status": "ingesting", "lease_until": NOW - 1},
            Status.INGESTING,
            None,
            id="its worker died",
        ),
        pytest.param(
            {"status": "ingesting", "attempts_made": MAX_ATTEMPTS},
            Status.INGESTING,
            Refusal.EXHAUSTED,
            id="tried too often",
        ),
    ],
)
def test_a_claim_is_refused_for_the_right_reason(
    changes: dict[str, object], stage: Stage, refusal: Refusal | None
) -> None:
    assert refusal_of(record(**changes), job="j1", stage=stage, now=NOW) is refusal


def test_a_deleted_record_is_gone() -> None:
    assert refusal_of(None, job="j1", stage=Status.INGESTING, now=NOW) is Refusal.GONE


@given(
    status=st.sampled_from(Status),
    stage=st.sampled_from(STAGES),
    attempts=st.integers(0, 10),
    lease=st.none() | st.floats(NOW - 100, NOW + 100),
)
def test_only_an_open_unleased_record_may_be_claimed(
    status: Status, stage: Stage, attempts: int, lease: float | None
) -> None:
    found = record(status=status, attempts_made=attempts, lease_until=lease)

    if refusal_of(found, job="j1", stage=stage, now=NOW) is None:
        assert status in CLAIMABLE[stage]
        assert lease is None or lease <= NOW
        assert attempts < MAX_ATTEMPTS


def test_the_timeline_has_the_wait_and_the_work() -> None:
    found = record(claimed_at="2026-11-22T12:00:01.500Z")

    waited, worked = found.stage_times("ingest", "2026-11-22T12:00:01.750Z")

    assert (waited.stage, waited.duration_ms) == ("queued", 1500)
    assert (worked.stage, worked.duration_ms) == ("ingest", 250)
