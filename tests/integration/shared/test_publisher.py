"""Sends share calls, carry the trace, and are believed only when SQS has them."""

import asyncio
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from shared.contracts import parse_message
from shared.errors import DependencyUnavailable
from shared.publisher import Publisher
from shared.telemetry import context_of
from tests.integration.shared.consuming import depth, message


class CountingSqs:
    """The real client, with a count of its batch calls and a fault to order."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.calls = 0
        self.entries: list[dict[str, Any]] = []
        self.refuse: set[str] = set()

    async def send_message_batch(self, **arguments: Any) -> Any:
        self.calls += 1
        entries = arguments.pop("Entries")
        self.entries += entries
        kept = [entry for entry in entries if entry["Id"] not in self.refuse]
        response = await self._sqs.send_message_batch(Entries=kept, **arguments)
        failed = [
            {"Id": name, "Code": "InternalError", "SenderFault": False} for name in self.refuse
        ]
        return {**response, "Failed": failed}


async def test_sends_at_the_same_time_share_calls(sqs: Any, queue_url: str) -> None:
    counting = CountingSqs(sqs)

    async with Publisher(counting, queue_url) as publisher:  # type: ignore[arg-type]
        await asyncio.gather(*(publisher.publish(message(number)) for number in range(20)))

    assert counting.calls == 2
    assert await depth(sqs, queue_url) == (20, 0)


async def test_a_refused_entry_fails_its_own_caller_only(sqs: Any, queue_url: str) -> None:
    counting = CountingSqs(sqs)
    counting.refuse = {"1"}

    async with Publisher(counting, queue_url) as publisher:  # type: ignore[arg-type]
        results = await asyncio.gather(
            *(publisher.publish(message(number)) for number in range(3)), return_exceptions=True
        )

    assert [type(result) for result in results] == [
        type(None),
        DependencyUnavailable,
        type(None),
    ]


async def test_a_queue_that_is_not_there_is_heard_of_by_every_caller(
    sqs: Any, queue_url: str
) -> None:
    async with Publisher(sqs, queue_url + "-no-such-queue") as publisher:
        results = await asyncio.gather(
            *(publisher.publish(message(number)) for number in range(3)), return_exceptions=True
        )

    assert all(isinstance(result, Exception) for result in results)


async def test_each_message_carries_the_trace_of_its_own_caller(sqs: Any, queue_url: str) -> None:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
    counting = CountingSqs(sqs)
    sent = {}

    async def publish(publisher: Publisher, number: int) -> None:
        with tracer.start_as_current_span("request") as span:
            sent[f"{number:036d}"] = span.get_span_context().trace_id
            await publisher.publish(message(number))

    async with Publisher(counting, queue_url) as publisher:  # type: ignore[arg-type]
        await asyncio.gather(*(publish(publisher, number) for number in range(3)))

    received = (
        await sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
    )["Messages"]
    assert {parse_message(one["Body"]).image_id: trace_of(one) for one in received} == sent
    # The same in X-Ray's form, which moto drops from a batch: looked at as it is sent.
    headers = {
        parse_message(entry["MessageBody"]).image_id: entry["MessageSystemAttributes"]
        for entry in counting.entries
    }
    assert {
        image_id: trace_of(
            {"Attributes": {name: value["StringValue"] for name, value in it.items()}}
        )
        for image_id, it in headers.items()
    } == sent


def trace_of(received: Any) -> int:
    return trace.get_current_span(context_of(received)).get_span_context().trace_id


async def test_leaving_the_block_sends_what_is_pending(sqs: Any, queue_url: str) -> None:
    async with Publisher(sqs, queue_url, linger=60) as publisher:
        pending = asyncio.create_task(publisher.publish(message()))
        await asyncio.sleep(0)

    await pending
    assert await depth(sqs, queue_url) == (1, 0)


@pytest.mark.parametrize("count", [1, 10, 11])
async def test_no_message_is_lost_at_the_edges_of_a_batch(
    sqs: Any, queue_url: str, count: int
) -> None:
    async with Publisher(sqs, queue_url) as publisher:
        await asyncio.gather(*(publisher.publish(message(number)) for number in range(count)))

    assert await depth(sqs, queue_url) == (count, 0)
