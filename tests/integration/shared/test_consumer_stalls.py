"""The worker loop while something is down or slow: it spares the queue, and is no stall."""

import asyncio
from typing import Any

import pytest

from shared.consumer import Delivery, Options
from shared.errors import DependencyUnavailable
from tests.deadlines import until
from tests.integration.shared.consuming import QUICK, Handler, consuming, depth, made, send


async def test_the_loop_survives_a_queue_that_can_not_be_reached(
    sqs: Any, dead_letter_url: str, handler: Handler
) -> None:
    nowhere = dead_letter_url.rsplit("/", 1)[0] + "/no-such-queue"

    async with consuming(sqs, nowhere, dead_letter_url, handler) as finish:
        await finish()

    assert handler.seen == []


async def test_a_queue_is_not_turned_over_while_what_its_jobs_need_is_down(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    tries: list[int] = []
    down = True

    async def need(delivery: Delivery) -> None:
        if down:
            tries.append(delivery.receive_count)
            raise DependencyUnavailable("s3")

    handler.act = need
    await send(sqs, queue_url, 60)

    async with consuming(sqs, queue_url, dead_letter_url, handler):
        await until(lambda: len(tries) > QUICK.concurrency + 1, within=20)
        untouched, _ = await depth(sqs, queue_url)
        down = False
        await until(lambda: len(handler.seen) == 60, within=40)

    # Four at once found out, then one at a time after each pause.
    assert untouched >= 60 - QUICK.concurrency - 3
    assert set(tries) <= {1, 2}


async def test_a_queue_that_can_not_be_reached_is_no_stall(
    sqs: Any, dead_letter_url: str, handler: Handler
) -> None:
    nowhere = dead_letter_url.rsplit("/", 1)[0] + "/no-such-queue"
    consumer, stop = made(sqs, nowhere, dead_letter_url, handler), asyncio.Event()

    running = asyncio.create_task(consumer.run(stop))
    # Its pauses are 0.5 to 1 s, 1 to 2 s, 2 to 4 s.
    await until(lambda: consumer.seconds_since_receive > 4.5)
    turned = consumer.seconds_since_turn
    stop.set()
    await running

    assert turned < 4.2


async def test_long_jobs_in_all_slots_are_no_stall(
    sqs: Any,
    queue_url: str,
    dead_letter_url: str,
    handler: Handler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.consumer.TURN_S", 0.05)
    options = Options(concurrency=1, lease=30, poll_wait=1, drain=5)
    consumer = made(sqs, queue_url, dead_letter_url, handler, options)
    handler.gate.clear()
    await send(sqs, queue_url, 2)
    stop = asyncio.Event()

    running = asyncio.create_task(consumer.run(stop))
    await until(lambda: handler.running == 1)
    await until(lambda: consumer.seconds_since_receive > 2)
    turned, in_flight = consumer.seconds_since_turn, consumer.in_flight
    handler.gate.set()
    await until(lambda: len(handler.seen) == 2)
    stop.set()
    await running

    assert turned < 1.5
    assert in_flight == 1
    assert consumer.in_flight == 0
