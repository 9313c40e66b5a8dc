"""A dead letter stays in its trace, and is sent whatever it came with."""

import uuid
from typing import Any

import pytest

from shared.aws import aws_session, client_config
from shared.settling import MESSAGE_ATTRIBUTES_MAX, Settler

TRACE_PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def dead_lettered(endpoint: str, message: dict[str, Any]) -> dict[str, Any]:
    """``message`` as it arrives on the dead-letter queue."""
    async with aws_session().client(
        "sqs", endpoint_url=endpoint, region_name="eu-west-1", config=client_config(connections=1)
    ) as sqs:
        urls = [
            (await sqs.create_queue(QueueName=f"settling-{uuid.uuid4().hex}"))["QueueUrl"]
            for _ in range(2)
        ]
        async with Settler(sqs, queue_url=urls[0], dead_letter_url=urls[1]) as settler:
            await settler.dead_letter(message, reason="no job", tries=2)  # type: ignore[arg-type]
        found = await sqs.receive_message(
            QueueUrl=urls[1], MessageAttributeNames=["All"], AttributeNames=["All"]
        )
        return dict(found["Messages"][0])


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


async def test_dead_letter_belongs_to_the_trace_of_its_message(aws: str) -> None:
    header = "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1"
    message = {
        "Body": "x",
        "ReceiptHandle": "r",
        "MessageAttributes": {"traceparent": text(TRACE_PARENT), "caption_reason": text("old")},
        "Attributes": {"AWSTraceHeader": header},
    }

    letter = await dead_lettered(aws, message)

    values = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert values == {
        "caption_reason": "no job",
        "caption_tries": "2",
        "traceparent": TRACE_PARENT,
    }
    assert letter["Attributes"]["AWSTraceHeader"] == header


@pytest.mark.parametrize("others", [8, 9, 10])
async def test_reason_and_trace_go_first_where_there_is_no_room(aws: str, others: int) -> None:
    attributes = {f"a{number}": text("x") for number in range(others)}
    message = {
        "Body": "x",
        "ReceiptHandle": "r",
        "MessageAttributes": attributes | {"traceparent": text(TRACE_PARENT)},
    }

    letter = await dead_lettered(aws, message)

    assert len(letter["MessageAttributes"]) == MESSAGE_ATTRIBUTES_MAX
    assert letter["MessageAttributes"]["traceparent"]["StringValue"] == TRACE_PARENT
    assert letter["MessageAttributes"]["caption_reason"]["StringValue"] == "no job"
