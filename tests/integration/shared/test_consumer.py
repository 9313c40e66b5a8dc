"""The worker loop on a real queue protocol: what becomes of each message."""

import asyncio
import json
from typing import Any

import pytest

from shared.consumer import Consumer, Delivery, Options
from shared.errors import DependencyUnavailable, Postponed, StaleRecord, Transient
from shared.settling import REASON_ATTRIBUTE, TRIES_ATTRIBUTE
from tests.deadlines import until
from tests.integration.shared.consuming import QUICK, Handler, consuming, depth, message, send


async def test_every_message_is_handled_once_and_deleted(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    await send(sqs, queue_url, 25)

    async with consuming(sqs, queue_url, dead_letter_url, handler) as finish:
        await until(lambda: len(handler.seen) == 25)
        await finish()

    assert sorted(handler.seen) == [f"{number:036d}" for number in range(25)]
    assert await depth(sqs, queue_url) == (0, 0)


async def test_no_more_is_taken_than_can_start(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    handler.gate.clear()
    await send(sqs, queue_url, 12)

    async with consuming(sqs, queue_url, dead_letter_url, handler):
        await until(lambda: handler.running == QUICK.concurrency)
        in_flight = await depth(sqs, queue_url)
        handler.gate.set()
        await until(lambda: len(handler.seen) == 12)

    assert in_flight == (12 - QUICK.concurrency, QUICK.concurrency)
    assert handler.most_running == QUICK.concurrency


async def test_what_was_taken_is_started_before_more_is_asked_for(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    handled_at_polls = []

    class Polls:
        async def receive_message(self, **arguments: Any) -> Any:
            handled_at_polls.append(len(handler.seen))
            return await sqs.receive_message(**arguments)

    consumer = Consumer(
        sqs,
        receiver=Polls(),  # type: ignore[arg-type]
        queue_url=queue_url,
        dead_letter_url=dead_letter_url,
        handler=handler,
        options=QUICK,
    )
    stop = asyncio.Event()
    await send(sqs, queue_url, 1)

    running = asyncio.create_task(consumer.run(stop))
    await until(lambda: len(handled_at_polls) == 2)
    stop.set()
    await running

    assert handled_at_polls == [0, 1]


async def test_what_can_not_be_finished_in_time_is_given_back_at_once(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    handler.gate.clear()
    await send(sqs, queue_url, 2)
    options = Options(concurrency=2, lease=30, poll_wait=1, drain=0.1)

    async with consuming(sqs, queue_url, dead_letter_url, handler, options) as finish:
        await until(lambda: handler.running == 2)
        await finish()

    assert handler.running == 0
    assert await depth(sqs, queue_url) == (2, 0)


async def test_what_can_be_finished_in_time_is_finished_on_stop(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    handler.gate.clear()
    await send(sqs, queue_url, 3)

    async with consuming(sqs, queue_url, dead_letter_url, handler) as finish:
        await until(lambda: handler.running == 3)
        stopping = asyncio.create_task(finish())
        handler.gate.set()
        await stopping

    assert len(handler.seen) == 3
    assert await depth(sqs, queue_url) == (0, 0)


async def test_a_malformed_message_is_dead_lettered_with_its_reason_and_delays_nobody(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler
) -> None:
    await sqs.send_message(QueueUrl=queue_url, MessageBody='{"kind": "nonsense"}')
    await send(sqs, queue_url, 1)

    async with consuming(sqs, queue_url, dead_letter_url, handler) as finish:
        await until(lambda: handler.seen)
        await finish()

    [dead] = (await sqs.receive_message(QueueUrl=dead_letter_url, MessageAttributeNames=["All"]))[
        "Messages"
    ]
    assert json.loads(dead["Body"]) == {"kind": "nonsense"}
    assert "union_tag_invalid" in dead["MessageAttributes"][REASON_ATTRIBUTE]["StringValue"]
    assert dead["MessageAttributes"][TRIES_ATTRIBUTE]["StringValue"] == "1"
    assert await depth(sqs, queue_url) == (0, 0)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Transient("busy", retry_after=0), id="transient"),
        pytest.param(Postponed(0), id="postponed"),
    ],
)
async def test_a_job_that_is_not_done_comes_back_when_it_said(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler, error: Exception
) -> None:
    counts = []

    async def fail_once(delivery: Delivery) -> None:
        counts.append(delivery.receive_count)
        if len(counts) == 1:
            raise error

    handler.act = fail_once
    await send(sqs, queue_url, 1)

    async with consuming(sqs, queue_url, dead_letter_url, handler):
        await until(lambda: handler.seen)

    assert counts == [1, 2]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(DependencyUnavailable("dynamodb"), id="dependency down"),
        pytest.param(KeyError("a bug of ours"), id="a bug"),
        pytest.param(StaleRecord("lost"), id="lease lost"),
    ],
)
async def test_a_failed_job_is_kept_for_later_and_its_neighbours_go_on(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler, error: Exception
) -> None:
    async def fail_the_first(delivery: Delivery) -> None:
        if delivery.message.image_id == message(0).image_id:
            raise error

    handler.act = fail_the_first
    await send(sqs, queue_url, 5)

    async with consuming(sqs, queue_url, dead_letter_url, handler) as finish:
        await until(lambda: len(handler.seen) == 4)
        await finish()

    visible, in_flight = await depth(sqs, queue_url)
    assert visible + in_flight == 1
