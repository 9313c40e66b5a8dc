"""12 MP photos through a stack, several in flight, and the CPU that its services use for them."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout

from benchmarks.stack import Stack, cpu_s

SERVICES = ("gateway", "ingest", "captioner")
_WITHIN = ClientTimeout(total=60)
_PROC = Path("/proc")
# After the last captions workers still settle messages, keep captions and mark what was sent.
_SETTLES_S = 0.5


def distinct(photo: bytes) -> bytes:
    """The same picture in another file, so that nothing answers from memory.

    Behind its end a JPEG may have anything; ingest cuts it off.
    """
    return photo + os.urandom(16)


async def through(stack: Stack, photos: Sequence[bytes], *, at_once: int) -> None:
    """Upload each and wait for its captions, ``at_once`` in flight; until all is settled.

    Raises ValueError if a photo fails, TimeoutError if one takes longer than a minute.
    """
    left: Iterator[bytes] = iter(photos)
    headers = {"Authorization": f"Bearer {stack.token}"}
    async with ClientSession(stack.gateway_url, headers=headers, timeout=_WITHIN) as http:

        async def one_after_the_other() -> None:
            for photo in left:
                await captioned(http, photo)

        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    await asyncio.sleep(_SETTLES_S)


async def captioned(http: ClientSession, photo: bytes) -> tuple[float, float]:
    """Seconds from the first byte sent to the 202, and to the answer that has captions.

    Raises ValueError if the photo fails, TimeoutError if it takes longer than a minute.
    """
    begun = time.perf_counter()
    kind = {"Content-Type": "image/jpeg"}
    async with http.post("/v1/images", data=photo, headers=kind) as answer:
        answer.raise_for_status()
        address = answer.headers["Location"]
        image = await answer.json()
    accepted = time.perf_counter() - begun
    async with asyncio.timeout(_WITHIN.total):
        while image["status"] != "completed":
            if image["status"] == "failed":
                raise ValueError(f"the photo failed: {image['error']}")
            async with http.get(address, params={"wait": "20"}) as answer:
                answer.raise_for_status()
                image = await answer.json()
    return accepted, time.perf_counter() - begun


def cpu_of_services(stack: Stack) -> Mapping[str, float]:
    """CPU seconds so far of each service, of the processes that it started too."""
    return {name: _with_children(stack.pids[f"{name}-1"]) for name in SERVICES}


def children(pid: int) -> list[int]:
    """The processes that ``pid`` has started and that live."""
    return [child for child, parent in _parents().items() if parent == pid]


def _parents() -> dict[int, int]:
    found = {}
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):  # it has ended
                found[int(folder.name)] = int(_stat(int(folder.name))[1])
    return found


def _stat(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the third, the state, on."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _with_children(pid: int) -> float:
    alive = 0.0
    for child in children(pid):
        with suppress(OSError):  # it has ended, and is among those waited for
            alive += _with_children(child)
    # Of children that ended and were waited for: cutime and cstime.
    ended = sum(map(int, _stat(pid)[13:15])) / os.sysconf("SC_CLK_TCK")
    return cpu_s(pid) + alive + ended
