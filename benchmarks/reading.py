"""A gateway and bare handlers on one stub of AWS that holds one user's history, and requests to
both in turn.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from benchmarks.gateways import Stub, gateway_on, pin, stub
from benchmarks.histories import history
from benchmarks.machine import ROOT
from benchmarks.stack import cpu_s
from infra.local.environment import aws_environment, inherited
from infra.local.layout import RECORDS_TABLE

USER = "reader"
_HASH_KEY = "the benchmark's key for users' ids"
_BARE = "benchmarks.contenders.bare_reads"
_WITHIN = ClientTimeout(total=60)


@dataclass(frozen=True)
class Servers:
    """Where both are, and the process of each. ``images`` are the ids of the user's photos, the
    newest first.
    """

    gateway_url: str
    gateway_pid: int
    bare_url: str
    bare_pid: int
    images: Sequence[str]
    token: str = field(repr=False)


@dataclass(frozen=True)
class Asked:
    """One kind of request: to which process, and what its answer has to be."""

    url: str
    pid: int
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    items: int | None = None  # of a page

    def check(self, status: int, body: bytes) -> None:
        """Raise ``ValueError`` unless the answer is as it has to be."""
        if status != self.status:
            raise ValueError(f"{status}: {body[:200]!r}")
        if self.items is not None and len(json.loads(body)["items"]) != self.items:
            raise ValueError(f"not a page of {self.items}")


@contextmanager
def servers(photos: int) -> Iterator[Servers]:
    """Both on the same stub and core, with a history of ``photos``, the newest not finished."""
    images, items = history(USER, photos, hash_key=_HASH_KEY)
    with ExitStack() as running:
        aws = running.enter_context(stub(core=0))
        aws.load(items)
        log = Path(running.enter_context(TemporaryDirectory()), "gateway.log")
        ours = running.enter_context(gateway_on(aws, log, core=1, GATEWAY_USER_HASH_KEY=_HASH_KEY))
        url, pid = running.enter_context(_bare(aws))
        yield Servers(ours.url, ours.pid, url, pid, images, aws.token(USER))


async def cpu_of(
    asked: Mapping[str, Asked], *, rounds: int, requests: int, at_once: int
) -> dict[str, list[float]]:
    """CPU milliseconds a request of each kind, round by round, in an order that turns. A round
    before pays for what is made at first use.
    """
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(-1, rounds):
        for name in list(asked) if number % 2 else list(asked)[::-1]:
            spent = await cpu_of_burst(asked[name], requests, at_once=at_once)
            if number >= 0:
                taken[name].append(spent)
    return taken


async def cpu_of_burst(asked: Asked, requests: int, *, at_once: int) -> float:
    """CPU milliseconds a request, of ``requests``, so many ``at_once``.

    Raises ``ValueError`` for an answer that is not what it has to be.
    """
    left = iter(range(requests))

    async def one_after_the_other() -> None:
        for _ in left:
            async with http.get(asked.url, headers=asked.headers) as answer:
                asked.check(answer.status, await answer.read())

    async with ClientSession(timeout=_WITHIN, connector=TCPConnector(limit=at_once)) as http:
        before = cpu_s(asked.pid)
        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
        return (cpu_s(asked.pid) - before) / requests * 1000


@contextmanager
def _bare(aws: Stub) -> Iterator[tuple[str, int]]:
    environment = {**inherited(os.environ), **aws_environment(aws.url)}
    if aws.authority is not None:
        environment["AWS_CA_BUNDLE"] = str(aws.authority)
    with subprocess.Popen(
        [sys.executable, "-m", _BARE, RECORDS_TABLE, USER],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    ) as process:
        pin(process.pid, 1)
        assert process.stdout is not None  # noqa: S101  opened with a pipe
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}", process.pid
        finally:
            process.kill()
