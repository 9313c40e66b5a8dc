"""Heartbeats while a job is worked on: it stays ours, or the work is stopped."""

import asyncio
from typing import Any

from shared.consumer import Delivery, Options
from shared.errors import StaleRecord
from tests.deadlines import until
from tests.integration.shared.consuming import Handler, consuming, depth, message, send


async def test_heartbeats_extend_the_message_and_then_the_lease(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    beats = []

    async def extend() -> None:
        beats.append(await depth(sqs, queue_url))

    async def work(delivery: Delivery) -> None:
        delivery.keep_leased(extend)
        await until(lambda: len(beats) >= 3)

    handler.act = work
    await send(sqs, queue_url, 1)
    # Without a heartbeat this message would be visible again, and handled twice, within a second.
    options = Options(concurrency=2, lease=0.6, lease_margin=0.4, poll_wait=1, drain=5)

    async with consuming(sqs, queue_url, dead_letter_url, handler, options) as finish:
        await until(lambda: handler.seen)
        await finish()

    assert handler.seen == [message(0).image_id]
    assert all(in_flight == 1 for _, in_flight in beats)


async def test_a_heartbeat_that_fails_for_whatever_reason_is_not_the_last(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    beats: list[int] = []

    async def extend() -> None:
        beats.append(len(beats))
        if len(beats) == 1:
            raise RuntimeError("a conflict with somebody's transaction, say")

    async def work(delivery: Delivery) -> None:
        delivery.keep_leased(extend)
        await until(lambda: len(beats) >= 3)

    handler.act = work
    await send(sqs, queue_url, 1)
    options = Options(concurrency=2, lease=0.6, lease_margin=1, poll_wait=1, drain=5)

    async with consuming(sqs, queue_url, dead_letter_url, handler, options) as finish:
        await until(lambda: handler.seen)
        await finish()

    assert handler.seen == [message(0).image_id]
    assert await depth(sqs, queue_url) == (0, 0)


async def test_work_whose_lease_was_lost_is_stopped(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    stopped = asyncio.Event()

    async def extend() -> None:
        raise StaleRecord("somebody else has it")

    async def work(delivery: Delivery) -> None:
        delivery.keep_leased(extend)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.set()
            raise

    handler.act = work
    await send(sqs, queue_url, 1)
    options = Options(concurrency=1, lease=0.6, lease_margin=1, poll_wait=1, drain=5)

    async with consuming(sqs, queue_url, dead_letter_url, handler, options):
        await asyncio.wait_for(stopped.wait(), 5)

    assert sum(await depth(sqs, queue_url)) == 1


async def test_a_hung_job_is_let_go(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    async def hang(_: Delivery) -> None:
        await asyncio.Event().wait()

    handler.act = hang
    await send(sqs, queue_url, 1)
    options = Options(concurrency=1, lease=30, hold=0.2, poll_wait=1, drain=5)

    async with consuming(sqs, queue_url, dead_letter_url, handler, options):
        await until(lambda: handler.most_running == 1 and handler.running == 0)

    assert sum(await depth(sqs, queue_url)) == 1
