"""Our worker loop as the services run it, with a handler that does nothing.

``python -m benchmarks.contenders.loop_project ENDPOINT QUEUE COUNT`` sends COUNT messages and then
consumes. Messages are validated and leased with a heartbeat, each has its span, its metrics and
its log line, and is deleted after it was handled.
"""

import asyncio
import sys
import uuid

from benchmarks.contenders.loop_journal import Journal
from shared.aws import aws_session, receive_config, sqs_config
from shared.consumer import Consumer, Delivery, Options
from shared.contracts import ImageUploaded
from shared.metrics import start_metrics
from shared.publisher import Publisher
from shared.telemetry import log_as_json, start_tracing
from shared.working import REQUESTS_PER_PHOTO

_CONCURRENCY = 40


def _message(number: int) -> ImageUploaded:
    image, user = str(uuid.uuid4()), str(uuid.uuid4())
    return ImageUploaded(
        user_id=user,
        image_id=image,
        job=str(number),
        epoch=0,
        upload_key=f"incoming/{user}/{image}",
    )


async def consume(endpoint: str, queue: str, count: int) -> None:
    """Send ``count`` messages, then consume for ever."""
    journal = Journal()
    log_as_json("bench", "INFO")
    start_tracing("bench", export=False, ratio=1.0)
    start_metrics("bench", export=False)
    options = Options(concurrency=_CONCURRENCY)
    config = sqs_config(connections=options.concurrency * REQUESTS_PER_PHOTO)
    polling = receive_config(poll_wait_s=options.poll_wait)
    session = aws_session()
    async with (
        session.client("sqs", config=config, endpoint_url=endpoint) as sqs,
        session.client("sqs", config=polling, endpoint_url=endpoint) as receiver,
    ):
        queue_url = f"{endpoint}/000000000000/{queue}"
        async with Publisher(sqs, queue_url) as publisher:
            for number in range(count):
                await publisher.publish(_message(number))

        async def handler(delivery: Delivery) -> None:
            journal.handled(int(delivery.message.job))

        consumer = Consumer(
            sqs,
            receiver=receiver,
            queue_url=queue_url,
            dead_letter_url=queue_url,
            handler=handler,
            options=options,
        )
        journal.open("aioboto3", "pydantic", "opentelemetry-sdk")
        await consumer.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(consume(sys.argv[1], sys.argv[2], int(sys.argv[3])))
