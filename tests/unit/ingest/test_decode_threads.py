import asyncio
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from services.ingest.decode_threads import DecodeThreads, Overrun
from tests.deadlines import until

ROOT = Path(__file__).parents[3]


async def test_overrun_thread_is_given_up_and_told_of():
    told, release = [], Event()
    threads = DecodeThreads(2, limit_s=0.05, overrun=lambda: told.append(True))

    with pytest.raises(Overrun):
        await threads.run(release.wait)

    assert told == [True]
    assert await threads.run(lambda: "another") == "another"
    release.set()


async def test_thread_of_a_cancelled_caller_keeps_its_slot_until_it_ends():
    release, began = Event(), Event()
    threads = DecodeThreads(1, limit_s=10, overrun=lambda: None)

    def work() -> None:
        began.set()
        release.wait()

    cancelled = asyncio.create_task(threads.run(work))
    await until(began.is_set)
    cancelled.cancel()
    next_one = asyncio.create_task(threads.run(lambda: "next"))
    with pytest.raises(asyncio.CancelledError):
        await cancelled

    assert not next_one.done()
    release.set()
    assert await next_one == "next"


STUCK = """
import asyncio, time
from services.ingest.decode_threads import DecodeThreads, Overrun

async def main():
    try:
        await DecodeThreads(1, limit_s=0.01, overrun=lambda: None).run(lambda: time.sleep(60))
    except Overrun:
        print("given up")

asyncio.run(main())
"""


async def test_worker_can_end_while_a_thread_is_stuck():
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUCK, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )

    printed, _ = await process.communicate()

    assert (process.returncode, printed) == (0, b"given up\n")
    assert time.monotonic() - began < 30
