"""taskiq with taskiq-aio-sqs: receives by ten, deletes one by one; no heartbeat, no trace.

``python -m benchmarks.contenders.loop_taskiq ENDPOINT QUEUE COUNT`` sends COUNT messages and then
consumes.
"""

import asyncio
import logging
import sys

from taskiq import AcknowledgeType
from taskiq.api import run_receiver_task
from taskiq_aio_sqs import SQSBroker

from benchmarks.contenders.loop_journal import Journal

_VISIBILITY_S = 70


async def consume(endpoint: str, queue: str, count: int) -> None:
    """Send ``count`` messages, then consume for ever."""
    journal = Journal()
    logging.basicConfig(level=logging.WARNING)
    broker = SQSBroker(
        queue,
        endpoint_url=endpoint,
        max_number_of_messages=10,
        wait_time_seconds=10,
        visibility_timeout=_VISIBILITY_S,
    )

    @broker.task
    async def handle(number: int) -> None:
        journal.handled(number)

    await broker.startup()
    for number in range(count):
        await handle.kiq(number)
    journal.open("taskiq-aio-sqs", "taskiq")
    await run_receiver_task(broker, ack_time=AcknowledgeType.WHEN_EXECUTED)


if __name__ == "__main__":
    asyncio.run(consume(sys.argv[1], sys.argv[2], int(sys.argv[3])))
