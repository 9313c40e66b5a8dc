"""Clients that upload slowly, are turned away and try again; and how much memory that takes."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientError, ClientSession, TCPConnector

CHUNK = 64 * 1024
MEBIBYTE = 1024 * 1024


@dataclass
class Outcome:
    """How often each status was answered, 0 being a lost connection."""

    statuses: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    seconds: float = 0.0


async def upload_all(url: str, tokens: list[str], photo: bytes, *, rate: int) -> Outcome:
    """Upload ``photo`` once with each token, all at once, at ``rate`` bytes a second each.

    Whoever is refused waits for ``Retry-After`` and tries again until it is in.
    """
    outcome = Outcome()
    began = time.monotonic()
    async with ClientSession(connector=TCPConnector(limit=0)) as http:
        await asyncio.gather(*(_upload(http, url, t, photo, rate, outcome) for t in tokens))
    outcome.seconds = time.monotonic() - began
    return outcome


async def _upload(
    http: ClientSession, url: str, token: str, photo: bytes, rate: int, outcome: Outcome
) -> None:
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "image/jpeg",
        "Content-Length": str(len(photo)),
    }
    status, wait = -1, 0
    while status != 202:
        await asyncio.sleep(wait)
        try:
            async with http.post(url, data=_slowly(photo, rate), headers=headers) as response:
                status = response.status
                if status in {429, 503} and "Retry-After" not in response.headers:
                    outcome.without_retry_after += 1
                wait = int(response.headers.get("Retry-After", 1))
        except ClientError:
            status, wait = 0, 1
        outcome.statuses[status] += 1


async def _slowly(photo: bytes, rate: int) -> AsyncIterator[bytes]:
    began = time.monotonic()
    for at in range(0, len(photo), CHUNK):
        await asyncio.sleep(max(0.0, began + at / rate - time.monotonic()))
        yield photo[at : at + CHUNK]


def resident(pid: int) -> int:
    """The bytes of memory that a process holds."""
    return _status(pid, "VmRSS")


def most_resident(pid: int) -> int:
    """The most bytes that a process has ever held."""
    return _status(pid, "VmHWM")


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    raise LookupError(name)
