"""The stub of SQS answers a real client as SQS would, in what worker loops depend on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aioboto3
import pytest
from aiohttp.test_utils import RawTestServer
from botocore.exceptions import ClientError

from benchmarks.stub.held import HeldQueue
from benchmarks.stub.queue import Queue
from benchmarks.stub.queues import Queues
from tests.deadlines import until

LONG_S = 20  # so long that a test which waits for its end fails


@asynccontextmanager
async def client(queues: Queues) -> AsyncIterator[Any]:
    session = aioboto3.Session("any", "any", region_name="eu-west-1")
    async with (
        RawTestServer(queues.handle) as server,
        session.client("sqs", endpoint_url=str(server.make_url("/"))) as sqs,
    ):
        yield sqs


async def received(sqs: Any, url: str, most: int = 10, **arguments: Any) -> list[dict[str, Any]]:
    answer = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most, **arguments)
    return list(answer.get("Messages", []))


async def depths(sqs: Any, url: str) -> tuple[str, str]:
    answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    attributes = answer["Attributes"]
    return (
        attributes["ApproximateNumberOfMessages"],
        attributes["ApproximateNumberOfMessagesNotVisible"],
    )


async def test_messages_come_in_order_and_are_hidden_until_deleted() -> None:
    queues = Queues()
    url = queues.create("q")

    async with client(queues) as sqs:
        entries = [{"Id": str(n), "MessageBody": f"m{n}"} for n in range(3)]
        await sqs.send_message_batch(QueueUrl=url, Entries=entries)
        first = await received(sqs, url, 2)
        hidden = await depths(sqs, url)
        rest = await received(sqs, url)
        await sqs.delete_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]}
                for n, each in enumerate([*first, *rest])
            ],
        )
        left = await depths(sqs, url)

    assert [each["Body"] for each in [*first, *rest]] == ["m0", "m1", "m2"]
    assert hidden == ("1", "2")
    assert left == ("0", "0")


async def test_message_given_back_is_delivered_again_and_counted() -> None:
    queues = Queues()
    url = queues.create("q")

    async with client(queues) as sqs:
        await sqs.send_message(QueueUrl=url, MessageBody="m")
        [first] = await received(sqs, url)
        await sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0
        )
        [second] = await received(sqs, url, MessageSystemAttributeNames=["ApproximateReceiveCount"])

    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"] == {"ApproximateReceiveCount": "2"}


async def test_message_whose_visibility_ends_wakes_the_poll_that_waits_for_it() -> None:
    queue = Queue("q")
    queues = Queues(new_queue=lambda _: queue)
    url = queues.create("q")

    async with client(queues) as sqs:
        await sqs.send_message(QueueUrl=url, MessageBody="m")
        await received(sqs, url, VisibilityTimeout=1)
        [again] = await queue.receive(1, wait=LONG_S, visibility=30)

    assert again.receive_count == 2


async def test_long_poll_ends_with_the_first_message() -> None:
    queues = Queues()
    url = queues.create("q")

    async with client(queues) as sqs:
        polling = asyncio.create_task(received(sqs, url, WaitTimeSeconds=LONG_S))
        await until(lambda: "ReceiveMessage" in queues.calls)
        await sqs.send_message(QueueUrl=url, MessageBody="m")
        [message] = await polling

    assert message["Body"] == "m"


async def test_attributes_come_only_if_asked_for() -> None:
    queues = Queues()
    url = queues.create("q")
    trace = {"traceparent": {"DataType": "String", "StringValue": "00-a-b-01"}}

    async with client(queues) as sqs:
        for _ in range(2):
            await sqs.send_message(QueueUrl=url, MessageBody="m", MessageAttributes=trace)
        [plain] = await received(sqs, url, 1)
        [asked] = await received(sqs, url, 1, MessageAttributeNames=["All"])

    assert "MessageAttributes" not in plain
    assert asked["MessageAttributes"] == trace


async def test_eleven_in_a_batch_are_refused() -> None:
    queues = Queues()
    url = queues.create("q")
    entries = [{"Id": str(n), "MessageBody": "m"} for n in range(11)]

    async with client(queues) as sqs:
        with pytest.raises(sqs.exceptions.TooManyEntriesInBatchRequest):
            await sqs.send_message_batch(QueueUrl=url, Entries=entries)


async def test_queue_that_is_not_there_has_sqs_own_error() -> None:
    async with client(Queues()) as sqs:
        with pytest.raises(ClientError) as caught:
            await sqs.get_queue_url(QueueName="q")
        expected = sqs.exceptions.QueueDoesNotExist

    assert isinstance(caught.value, expected)


async def test_one_entry_that_fails_does_not_take_its_batch_with_it() -> None:
    queues = Queues()
    url = queues.create("q")

    async with client(queues) as sqs:
        await sqs.send_message(QueueUrl=url, MessageBody="m")
        [message] = await received(sqs, url)
        answer = await sqs.change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {"Id": "good", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 60},
                {"Id": "bad", "ReceiptHandle": "no such", "VisibilityTimeout": 60},
            ],
        )

    assert [each["Id"] for each in answer["Successful"]] == ["good"]
    assert [each["Id"] for each in answer["Failed"]] == ["bad"]


async def test_held_messages_are_received_once_released_and_each_time_anew() -> None:
    queue = HeldQueue("q")
    queues = Queues(new_queue=lambda _: queue)
    url = queues.create("q")

    async with client(queues) as sqs:
        for body in ("m0", "m1"):
            await sqs.send_message(QueueUrl=url, MessageBody=body)
        before = await received(sqs, url)
        bodies = []
        for _ in range(2):
            releasing = asyncio.create_task(queue.release(2, 1000))
            for _ in range(2):
                [message] = await received(sqs, url, 1, WaitTimeSeconds=LONG_S)
                bodies.append(message["Body"])
                assert not releasing.done()
                await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            released, emptied = await releasing
            assert released == sorted(released)
            assert emptied >= released[-1]

    assert before == []
    assert bodies == ["m0", "m1"] * 2
