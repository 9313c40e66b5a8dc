"""Every call to AWS for a photo, from upload to captions: each costs money, time and CPU.

`docs/performance.md` gives the reason of each. What a process does every few seconds whatever
happens, such as a poll that finds nothing, is no photo's; what serves several photos at once is
one call for all of them.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aioboto3
import pytest
from pydantic import SecretStr

import services.gateway.app
import shared.working
from services.captioner.chain import FallbackChain
from services.captioner.settings import Settings as CaptionerSettings
from services.captioner.trying import Link
from services.captioner.worker import CaptionWorker
from services.ingest import __main__ as ingest_service
from shared.aws import aws_session
from shared.controls import Controls
from shared.records import Status
from shared.usage import UsageCounter
from shared.working import consume, worker_tools
from tests.deadlines import until
from tests.integration.gateway.conftest import Gateway, clients, gateway_on, provision, served
from tests.integration.gateway.issuer import Issuer
from tests.integration.workers.captioner import HASH_KEY, FakeProvider
from tests.integration.workers.ingest import settings_for
from tests.photos import real_photo

TOGETHER = 10
MOST = 16
# By service and operation. SQS takes and gives ten messages a call, and a look at what was sent
# and waits is one call for a hundred records: these are shared by photos that come together.
OWN = {
    "gateway": {"UpdateItem": 1, "PutObject": 1, "PutItem": 1},
    "ingest": {
        "UpdateItem": 2,
        "GetItem": 1,
        "GetObject": 1,
        "PutObject": 3,
        "DeleteObject": 1,
    },
    "captioner": {"UpdateItem": 2, "BatchGetItem": 1, "GetObject": 1, "TransactWriteItems": 1},
}
SHARED = {
    "gateway": {"SendMessageBatch": 1, "BatchGetItem": 1},
    "ingest": {
        "ReceiveMessage": 1,
        "SendMessageBatch": 1,
        "DeleteMessageBatch": 1,
        "BatchGetItem": 1,
    },
    "captioner": {"ReceiveMessage": 1, "DeleteMessageBatch": 1},
}


@dataclass
class Calls:
    """The calls of each service by operation. ``by`` is whose sessions are being made."""

    made: dict[str, Counter[str]] = field(default_factory=dict)
    by: str = "gateway"

    def session(self) -> aioboto3.Session:
        """A session of ours whose calls count."""
        counter = self.made.setdefault(self.by, Counter())

        def count(model: Any, parsed: Any, **_: Any) -> None:
            if model.name != "ReceiveMessage" or parsed.get("Messages"):
                counter[model.name] += 1

        session = aws_session()
        session.events.register("after-call", count)
        return session


@dataclass
class Line:
    """A gateway and a worker of each kind."""

    gateway: Gateway
    calls: Calls

    async def caption(self, photos: list[bytes]) -> None:
        """Upload photos together, and see them to their captions."""
        await asyncio.gather(*map(self._upload, photos))

        async def captioned() -> bool:
            found = await self.gateway.records.page(self.gateway.user, limit=50)
            done = [record for record in found.records if record.status is Status.COMPLETED]
            return len(done) == len(photos)

        await until(captioned, within=60)

    async def _upload(self, photo: bytes) -> None:
        url = "/v1/images?labels=false"
        answer = await self.gateway.http.post(url, data=photo, headers=self.gateway.auth())
        assert answer.status == 202


async def _caption(settings: CaptionerSettings, controls: Controls, stop: asyncio.Event) -> None:
    """What the captioner's process does, with a provider that costs nothing."""
    async with worker_tools(settings, service="captioner") as tools:
        chain = FallbackChain([Link(FakeProvider(), 5)])
        await consume(settings, tools, CaptionWorker(tools, chain, controls).handle, stop)


@asynccontextmanager
async def working(aws: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    """A gateway and workers at work; at the end of the block they have stopped."""
    calls, stop = Calls(), asyncio.Event()
    monkeypatch.setattr(services.gateway.app, "aws_session", calls.session)
    monkeypatch.setattr(shared.working, "aws_session", calls.session)
    monkeypatch.setattr(UsageCounter, "add", lambda *_: None)  # written every few seconds
    issuer = Issuer()
    async with clients(aws) as moto, served(issuer.app()) as issuer.url:
        resources = await provision(moto)
        common: Any = {"dlq_url": "unused", "poll_wait_s": 1}
        ingest = settings_for(resources, labels="off", **common)
        captioner = CaptionerSettings(
            images_bucket=resources["images_bucket"],
            records_table=resources["records_table"],
            queue_url=resources["caption_queue_url"],
            user_hash_key=SecretStr(HASH_KEY),
            **common,
        )
        controls = Controls(
            moto.dynamodb,
            resources["records_table"],
            hash_key=HASH_KEY.encode(),
            limit=60,
            window=3600,
            lifetime=1e6,
        )
        async with asyncio.TaskGroup() as group:
            async with gateway_on(moto, resources, issuer) as gateway:
                workers: dict[str, Coroutine[Any, Any, None]] = {
                    "ingest": ingest_service.serve(ingest, stop),
                    "captioner": _caption(captioner, controls, stop),
                }
                for calls.by, worker in workers.items():
                    group.create_task(worker)
                    await until(lambda: calls.by in calls.made)
                yield Line(gateway, calls)
            stop.set()


async def test_photo_alone_makes_these_calls_and_no_others(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(aws, monkeypatch) as line:
        await line.caption([real_photo("rocket")])

    assert line.calls.made == {name: OWN[name] | SHARED[name] for name in OWN}


def test_a_photo_has_no_more_calls_of_its_own_than_were_promised() -> None:
    assert sum(sum(calls.values()) for calls in OWN.values()) <= MOST


async def test_photos_together_share_calls(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = real_photo("rocket")
    async with working(aws, monkeypatch) as line:
        # Each differs, or the cache would answer.
        await line.caption([photo + bytes([number]) for number in range(TOGETHER)])

    made = line.calls.made
    shared = {name: sum(made[name][call] for call in calls) for name, calls in SHARED.items()}
    # Not by service: a machine with more to do hands photos to the captioner one by one.
    alone = TOGETHER * sum(sum(calls.values()) for calls in SHARED.values())
    assert sum(shared.values()) < alone, made
    # Of uploads that begin in the same moment, some spend their unit at the second try.
    tries = made["gateway"].pop("UpdateItem")
    assert TOGETHER <= tries <= 2 * TOGETHER
    own = sum(counter.total() for counter in made.values()) - sum(shared.values()) + TOGETHER
    assert own == TOGETHER * sum(sum(calls.values()) for calls in OWN.values()), made
