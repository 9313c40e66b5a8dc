"""Sent hops are marked late, together, and only where the mark still says something."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from shared.contracts import ImageIngested, ImageUploaded
from shared.item_store import ItemStore
from shared.leases import Claim, Leases
from shared.record_store import RecordStore
from shared.records import LOST_HOP_S, LOST_MESSAGE_S, ImageRecord, Status
from shared.sent_marks import DELAY_S, SentMarks
from tests.deadlines import until
from tests.integration.shared.conftest import Clock
from tests.integration.shared.test_leases import INGESTED, claimed


@pytest.fixture
def items(dynamodb: Any, table: str) -> ItemStore:
    return ItemStore(dynamodb, table)


@pytest.fixture
def marks(items: ItemStore, records: RecordStore) -> SentMarks:
    return SentMarks(items, records)


@pytest.fixture
def calls(dynamodb: Any) -> Iterator[Counter[str]]:
    """The calls to DynamoDB from now on."""
    made: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        made[model.name] += 1

    dynamodb.meta.events.register("after-call.dynamodb", count)
    yield made
    dynamodb.meta.events.unregister("after-call.dynamodb", count)


async def read(records: RecordStore, record: ImageRecord) -> ImageRecord:
    found = await records.get(record.user_id, record.image_id)
    assert found is not None
    return found


async def captioning(leases: Leases, uploaded: ImageUploaded) -> ImageRecord:
    """The record once ingest is through with it."""
    return await leases.finish_ingest(await claimed(leases, uploaded), INGESTED)


async def test_hop_that_nobody_took_up_is_marked_on_the_second_turn(
    marks: SentMarks, records: RecordStore, stored: ImageRecord, clock: Clock
) -> None:
    marks.add(stored)

    await marks.turn()
    young = await read(records, stored)
    await marks.turn()

    assert not young.sent
    now = await read(records, stored)
    assert (now.sent, now.check_at) == (True, clock() + LOST_MESSAGE_S)


async def test_hop_of_ingest_is_marked_too(
    marks: SentMarks, records: RecordStore, leases: Leases, uploaded: ImageUploaded
) -> None:
    record = await captioning(leases, uploaded)

    async with marks:
        marks.add(record)

    assert (await read(records, record)).sent


@pytest.mark.parametrize("hop", [Status.QUEUED, Status.CAPTIONING])
async def test_hop_that_a_worker_took_up_costs_no_write(
    marks: SentMarks,
    leases: Leases,
    stored: ImageRecord,
    uploaded: ImageUploaded,
    clock: Clock,
    calls: Counter[str],
    hop: Status,
) -> None:
    if hop is Status.QUEUED:
        marks.add(stored)
        await claimed(leases, uploaded)
    else:
        record = await captioning(leases, uploaded)
        marks.add(record)
        clock.now += 1
        assert record.model_input is not None
        message = ImageIngested(
            user_id=record.user_id,
            image_id=record.image_id,
            job=record.job,
            epoch=record.epoch,
            model_key=record.model_input.key,
            labels=(),
            options=record.options,
        )
        assert isinstance(await leases.claim(message, Status.CAPTIONING), Claim)
    calls.clear()

    for _ in range(2):
        await marks.turn()

    assert calls == {"BatchGetItem": 1}


async def test_photos_by_the_hundred_are_looked_at_in_one_call(
    marks: SentMarks, records: RecordStore, stored: ImageRecord, calls: Counter[str]
) -> None:
    many = [
        stored.model_copy(update={"user_id": f"user-{n}", "image_id": f"image-{n}"})
        for n in range(100)
    ]
    await records.create(many[0])
    calls.clear()

    async with marks:
        for record in many:
            marks.add(record)

    assert calls == {"BatchGetItem": 1, "UpdateItem": 1}
    assert (await read(records, many[0])).sent


async def test_of_each_record_no_more_is_read_than_is_looked_at(
    marks: SentMarks, stored: ImageRecord, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, answers = dynamodb.batch_get_item, []

    async def kept(**arguments: Any) -> Any:
        answers.append(await read(**arguments))
        return answers[-1]

    monkeypatch.setattr(dynamodb, "batch_get_item", kept)
    async with marks:
        marks.add(stored)

    [[items]] = [answer["Responses"].values() for answer in answers]
    assert [set(item) for item in items] == [
        {"user_id", "image_id", "job", "status", "sent", "hop_started_at"}
    ]


async def test_job_that_was_begun_since_is_not_marked(
    marks: SentMarks, records: RecordStore, stored: ImageRecord
) -> None:
    async with marks:
        marks.add(stored.model_copy(update={"job": "an earlier one"}))

    assert not (await read(records, stored)).sent


async def test_marks_are_made_while_the_process_goes_on(
    items: ItemStore, records: RecordStore, stored: ImageRecord
) -> None:
    async with SentMarks(items, records, delay=0.05) as marks:
        marks.add(stored)

        async def marked() -> bool:
            return (await read(records, stored)).sent

        await until(marked)


async def test_marks_that_can_not_be_made_do_not_end_the_process(
    records: RecordStore, stored: ImageRecord, dynamodb: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with SentMarks(ItemStore(dynamodb, "no-such-table"), records) as marks:
        marks.add(stored)

    assert "not marked as sent" in caplog.text
    assert not (await read(records, stored)).sent


def test_marks_are_made_well_before_the_sweeper_sends_again() -> None:
    assert 2 * DELAY_S < LOST_HOP_S
