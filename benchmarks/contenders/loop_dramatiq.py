"""dramatiq with dramatiq-sqs: receives by ten, deletes one by one; no heartbeat, no trace.

``python -m benchmarks.contenders.loop_dramatiq ENDPOINT QUEUE COUNT`` sends COUNT messages and then
consumes.
"""

import logging
import sys
import threading

import dramatiq
from dramatiq_sqs import SQSBroker

from benchmarks.contenders.loop_journal import Journal

_THREADS = 8  # its own default
_VISIBILITY_S = 70


def consume(endpoint: str, queue: str, count: int) -> None:
    """Send ``count`` messages, then consume for ever."""
    journal = Journal()
    logging.basicConfig(level=logging.WARNING)
    broker = SQSBroker(endpoint_url=endpoint, visibility_timeout=_VISIBILITY_S)

    def handle(number: int) -> None:
        journal.handled(number)

    actor = dramatiq.actor(handle, broker=broker, queue_name=queue)
    for number in range(count):
        actor.send(number)
    dramatiq.Worker(broker, worker_threads=_THREADS).start()
    journal.open("dramatiq-sqs", "dramatiq")
    threading.Event().wait()


if __name__ == "__main__":
    consume(sys.argv[1], sys.argv[2], int(sys.argv[3]))
