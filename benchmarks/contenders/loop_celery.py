"""celery with SQS and its pool of threads: no heartbeat, no trace, deletes one by one.

``python -m benchmarks.contenders.loop_celery ENDPOINT QUEUE COUNT`` sends COUNT messages and then
consumes. A message is deleted after it was handled, as the others do it.
"""

import sys
import warnings
from urllib.parse import urlsplit

from celery import Celery
from celery.signals import worker_ready

from benchmarks.contenders.loop_journal import Journal

_THREADS = 8
_VISIBILITY_S = 70


def consume(endpoint: str, queue: str, count: int) -> None:
    """Send ``count`` messages, then consume for ever."""
    journal = Journal()
    warnings.filterwarnings("ignore", message="You're running the worker with superuser")
    app = Celery("loop", broker=f"sqs://bench:bench@{urlsplit(endpoint).netloc}")
    app.conf.update(
        task_default_queue=queue,
        task_acks_late=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=4,
        worker_enable_remote_control=False,
        broker_transport_options={
            "is_secure": False,
            "region": "us-east-1",
            "wait_time_seconds": 10,
            "visibility_timeout": _VISIBILITY_S,
        },
    )

    @app.task(name="handle")
    def handle(number: int) -> None:
        journal.handled(number)

    for number in range(count):
        handle.delay(number)
    worker_ready.connect(lambda **_: journal.open("celery", "kombu"), weak=False)
    app.worker_main(
        [
            "worker",
            "--pool=threads",
            f"--concurrency={_THREADS}",
            "--loglevel=WARNING",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


if __name__ == "__main__":
    consume(sys.argv[1], sys.argv[2], int(sys.argv[3]))
