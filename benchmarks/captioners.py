"""A captioner in this process, on a stack whose models are played: what it does, by the photo."""

import asyncio
import base64
import json
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from aiohttp import ClientSession, TCPConnector

from benchmarks.stack import Stack
from infra.local.environment import use_emulator
from services.captioner.chain import FallbackChain
from services.captioner.chaining import open_chain
from services.captioner.prompts import system_prompt, user_prompt
from services.captioner.provider import CaptionRequest
from services.captioner.settings import Settings
from shared.consumer import Delivery
from shared.contracts import ImageIngested
from shared.hops import message_of
from shared.working import Tools, worker_tools
from tests.integration.workers.captioner import made

_HASH_KEY = "benchmark" * 4

Job = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Burst:
    """Jobs done with a number of them in flight: by the clock, and CPU of this process, seconds."""

    count: int
    at_once: int
    wall: float
    cpu: float

    @property
    def each_ms(self) -> float:
        """How long one job took, the average, from its start to its end."""
        return self.wall * self.at_once / self.count * 1000

    @property
    def cpu_ms(self) -> float:
        """CPU of one job."""
        return self.cpu / self.count * 1000


async def burst(job: Job, *, count: int, at_once: int) -> Burst:
    """Do ``job`` so often, ``at_once`` of them in flight."""
    left = iter(range(count))

    async def one_after_the_other() -> None:
        for _ in left:
            await job()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return Burst(count, at_once, time.perf_counter() - wall, time.process_time() - cpu)


class Captioner:
    """The chain and the worker of one process, for the photo ``image``: a JPEG as ingest makes."""

    def __init__(self, tools: Tools, chain: FallbackChain, image: bytes) -> None:
        self._tools = tools
        self._chain = chain
        self._image = image
        self._worker = made(tools, chain=chain).worker

    async def ask_chain(self) -> None:
        """Have the photo described, once."""
        await self._chain.caption(CaptionRequest(self._image))

    async def jobs(self, count: int) -> Job:
        """So many images that wait for captions. Each call of what is returned does one of them."""
        messages = iter([await self._waiting() for _ in range(count)])
        return lambda: self._handle(next(messages))

    async def _waiting(self) -> ImageIngested:
        # No two with the same upload, or the second would be answered from the cache.
        owner = made(self._tools, chain=self._chain, photo=self._image)
        message = message_of(await owner.record(upload_sha256=uuid.uuid4().hex * 2))
        assert isinstance(message, ImageIngested)  # noqa: S101  a record that waits for captions
        return message

    async def _handle(self, message: ImageIngested) -> None:
        await self._worker.handle(Delivery(message, 1))


@asynccontextmanager
async def captioner(stack: Stack, image: bytes, *, concurrency: int) -> AsyncIterator[Captioner]:
    """One with Bedrock alone, whose connections are enough for ``concurrency`` photos."""
    settings = Settings(
        images_bucket=stack.values["IMAGES_BUCKET"],
        records_table=stack.values["RECORDS_TABLE"],
        queue_url=stack.values["CAPTION_QUEUE_URL"],
        dlq_url=stack.values["CAPTION_DLQ_URL"],
        user_hash_key=_HASH_KEY,
        providers=("bedrock",),
        concurrency=concurrency,
    )
    with _environment_of(stack):
        async with (
            worker_tools(settings, service="captioner") as tools,
            open_chain(settings, tools) as chain,
        ):
            yield Captioner(tools, chain, image)


@asynccontextmanager
async def bare_client(stack: Stack, image: bytes) -> AsyncIterator[Job]:
    """What only sends Bedrock's stand-in a body that is ready, and reads the answer."""
    content = [
        {"image": {"format": "jpeg", "source": {"bytes": base64.b64encode(image).decode()}}},
        {"text": user_prompt(CaptionRequest(image))},
    ]
    document = {
        "system": [{"text": system_prompt()}],
        "messages": [{"role": "user", "content": content}],
        "inferenceConfig": {"maxTokens": 1500},
    }
    body = json.dumps(document).encode()
    headers = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
    async with ClientSession(
        stack.values["STANDIN_URL"], headers=headers, connector=TCPConnector(limit=0)
    ) as http:

        async def ask() -> None:
            async with http.post("/model/bench/converse", data=body) as answer:
                answer.raise_for_status()
                await answer.read()

        yield ask


@contextmanager
def _environment_of(stack: Stack) -> Iterator[None]:
    before = dict(os.environ)
    use_emulator(stack.values["AWS_ENDPOINT_URL"])
    os.environ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] = stack.values["STANDIN_URL"]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
