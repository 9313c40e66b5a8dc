"""Work that is cut short, by its own time or by its worker's end: what that costs the job."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.consumer import Consumer, Options
from shared.contracts import ImageUploaded
from shared.leases import Claim, Leases
from shared.publisher import Publisher
from shared.record_store import RecordStore
from shared.records import MAX_ATTEMPTS, ImageRecord, Status
from tests.deadlines import until
from tests.integration.shared.conftest import Stage, current

# Seconds in which even a slow machine has claimed a job and begun it.
LETTING_GO = Options(hold=2, poll_wait=1)


class Hanging:
    """Work that never ends, unless it is cancelled."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0

    async def __call__(self, _: Claim) -> None:
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1


@asynccontextmanager
async def consumed(
    stage: Stage, sqs: Any, queue_url: str, uploaded: ImageUploaded, options: Options
) -> AsyncIterator[None]:
    """A consumer that runs ``stage`` for ``uploaded``; at the end of the block it is stopped."""
    async with Publisher(sqs, queue_url) as publisher:
        await publisher.publish(uploaded)
    stop = asyncio.Event()
    consumer = Consumer(
        sqs,
        receiver=sqs,
        queue_url=queue_url,
        dead_letter_url="unused",
        handler=stage.runner.run,
        options=options,
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(consumer.run(stop))
        try:
            yield
        finally:
            stop.set()


async def test_a_job_that_hangs_has_used_up_an_attempt(
    stage: Stage,
    records: RecordStore,
    stored: ImageRecord,
    uploaded: ImageUploaded,
    sqs: Any,
    queue_url: str,
) -> None:
    stage.work = hanging = Hanging()

    async with consumed(stage, sqs, queue_url, uploaded, LETTING_GO):
        await until(lambda: hanging.ended == 1)

    record = await current(records, stored)
    assert (record.status, record.attempts_made) == (Status.INGESTING, 1)
    assert record.lease_id is None


async def test_a_job_that_hangs_on_the_last_attempt_fails(
    stage: Stage,
    leases: Leases,
    records: RecordStore,
    stored: ImageRecord,
    uploaded: ImageUploaded,
    sqs: Any,
    queue_url: str,
) -> None:
    for _ in range(MAX_ATTEMPTS - 1):
        claim = await leases.claim(uploaded, Status.INGESTING)
        assert isinstance(claim, Claim)
        await leases.give_up_attempt(claim)
    stage.work = hanging = Hanging()

    async with consumed(stage, sqs, queue_url, uploaded, LETTING_GO):
        await until(lambda: hanging.ended == 1)

    record = await current(records, stored)
    assert record.status is Status.FAILED
    assert record.error is not None
    assert (record.error.code, record.error.retryable) == ("timed_out", True)


async def test_a_job_that_is_under_way_when_its_worker_stops_costs_no_attempt(
    stage: Stage,
    records: RecordStore,
    stored: ImageRecord,
    uploaded: ImageUploaded,
    sqs: Any,
    queue_url: str,
) -> None:
    stage.work = hanging = Hanging()

    async with consumed(stage, sqs, queue_url, uploaded, Options(drain=0.1, poll_wait=1)):
        await until(lambda: hanging.begun == 1)

    record = await current(records, stored)
    assert (record.attempts_made, record.lease_id) == (0, None)
