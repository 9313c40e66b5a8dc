"""Consumers with a handler that does as told, and what is on their queues."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from shared.consumer import Consumer, Delivery, Options
from shared.contracts import ImageUploaded
from shared.publisher import Publisher

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
