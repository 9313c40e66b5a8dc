"""The worker loop on a real queue protocol: what becomes of each message."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.consumer import Consumer, Delivery, Options
from shared.contracts import ImageUploaded
from shared.errors import DependencyUnavailable, Postponed, StaleRecord, Transient
from shared.publisher import Publisher
from shared.settling import REASON_ATTRIBUTE, TRIES_ATTRIBUTE
from tests.deadlines import until

QUICK = Options(concurrency=4, lease=30, lease_margin=10, poll_wait=1, drain=5)


class Handler:
    """Does as told; remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.running = 0
        self.most_running = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.act: Callable[[Delivery], Awaitable[None]] | None = None

    async def __call__(self, delivery: Delivery) -> None:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.gate.wait()
            if self.act is not None:
                await self.act(delivery)
            self.seen.append(delivery.message.image_id)
        finally:
            self.running -= 1


@pytest.fixture
def handler() -> Handler:
    return Handler()


def message(number: int = 0) -> ImageUploaded:
    return ImageUploaded(
        user_id="ana", image_id=f"{number:036d}", job="j1", epoch=0, upload_key="incoming/ana/x"
    )


async def send(sqs: Any, queue_url: str, count: int) -> None:
    async with Publisher(sqs, queue_url) as publisher:
        await asyncio.gather(*(publisher.publish(message(number)) for number in range(count)))


async def depth(sqs: Any, queue_url: str) -> tuple[int, int]:
    """Messages visible, and messages in flight."""
    answer = await sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
    attributes = answer["Attributes"]
    return (
        int(attributes["ApproximateNumberOfMessages"]),
        int(attributes["ApproximateNumberOfMessagesNotVisible"]),
    )


def made(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler, options: Options = QUICK
) -> Consumer:
    return Consumer(
        sqs,
        receiver=sqs,
        queue_url=queue_url,
        dead_letter_url=dead_letter_url,
        handler=handler,
        options=options,
    )


@asynccontextmanager
async def consuming(
    sqs: Any, queue_url: str, dead_letter_url: str, handler: Handler, options: Options = QUICK
) -> AsyncIterator[Callable[[], Coroutine[Any, Any, None]]]:
    """A consumer at work; the function yielded stops it and waits."""
    stop = asyncio.Event()
    consumer = made(sqs, queue_url, dead_letter_url, handler, options)
    task = asyncio.create_task(consumer.run(stop))

    async def finish() -> None:
        stop.set()
        await asyncio.wait_for(asyncio.shield(task), 20)

    try:
        yield finish
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


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
