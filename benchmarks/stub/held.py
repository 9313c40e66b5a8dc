"""The SQS stub as a process of its own, whose queues hold what is sent until they are told to go.

A measurement can so begin at once with everything there, or at a pace that is the stub's, and
knows from the stub when each message could be received first and when the last one was deleted.
``python -m benchmarks.stub.held QUEUE ...`` prints its port; ``POST
/release?queue=…&count=…[&a_second=…]`` answers when all are deleted.
"""

import asyncio
import sys
import time
from dataclasses import replace
from uuid import uuid4

from aiohttp import web

from benchmarks.stub.queue import Message, Queue
from benchmarks.stub.queues import Queues


class HeldQueue(Queue):
    """Keeps what is sent as patterns, of which each release puts copies into the queue."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._patterns: list[Message] = []
        self._to_delete = 0
        self._emptied: asyncio.Future[float] | None = None

    def put(self, message: Message, *, delay: float = 0.0) -> None:
        """Keep ``message``; a delay is of no account."""
        del delay
        self._patterns.append(message)

    def delete(self, receipt: str) -> None:
        """As any queue, and note the time of the last one."""
        before = len(self)
        super().delete(receipt)
        self._to_delete -= before - len(self)
        if self._to_delete == 0 and self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(time.monotonic())

    async def release(self, count: int, a_second: float | None) -> tuple[list[float], float]:
        """Let go of the first ``count``: when each could be received, when the last was deleted."""
        self._to_delete = count
        self._emptied = asyncio.get_running_loop().create_future()
        begun = time.monotonic()
        released = []
        for number, message in enumerate(self._patterns[:count]):
            if a_second is not None:
                await asyncio.sleep(begun + number / a_second - time.monotonic())
            released.append(time.monotonic())
            super().put(replace(message, id=str(uuid4()), sent_at=time.time()))
        return released, await self._emptied


async def _release(queues: Queues, request: web.BaseRequest) -> web.Response:
    queue = queues.by_name[request.query["queue"]]
    assert isinstance(queue, HeldQueue)  # noqa: S101  they all are
    pace = request.query.get("a_second")
    released, emptied = await queue.release(
        int(request.query["count"]), float(pace) if pace else None
    )
    return web.json_response({"released": released, "emptied": emptied})


async def serve(names: list[str]) -> None:
    """Serve queues of these names until the process is ended."""
    queues = Queues(new_queue=HeldQueue)
    for name in names:
        queues.create(name)

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/release":
            return await _release(queues, request)
        return await queues.handle(request)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
