"""How long the local provider keeps the captioner's event loop from doing anything else."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figures import Figure, Result, median_of, spread
from benchmarks.pictures import twelve_megapixel_jpegs
from benchmarks.row import Row
from services.captioner.provider import CaptionRequest
from services.captioner.providers.local import LocalProvider
from services.ingest.decode import Limits
from services.ingest.renditions import prepare

_ROUNDS = 20
_AT_ONCE = 4  # photos, as many as a captioner works on by default
_TICK = 0.001  # seconds


def measure() -> Result:
    """Photos captioned four at a time while a timer on the same loop is due each millisecond.

    A stall is how much later than that it fires. Where other programs want the cores too, the
    machine makes stalls of its own, as idle rounds show. So what is judged is the part of a stall
    in which other threads of this process used a core: no more than that can be the provider's.
    """
    return asyncio.run(_measure())


async def _measure() -> Result:
    with TemporaryDirectory() as folder:
        photos = [
            prepare(path.read_bytes(), limits=Limits()).model.data
            for path in twelve_megapixel_jpegs(Path(folder))
        ]
    provider = LocalProvider()
    try:
        await _captioned(provider, photos)  # the first run allocates
        busy: list[Late] = []
        idle: list[Late] = []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            busy.append(_longest(await _late_while(_captioned(provider, photos))))
            idle.append(_longest(await _late_while(asyncio.sleep(time.perf_counter() - began))))
    finally:
        provider.close()
    own = [late.own_ms for late in busy]
    return Result(
        (
            Figure("longest stall, the provider's part", max(own), "ms", spread(own), at_most=50.0),
            median_of("longest stall of a round", [late.ms for late in busy], "ms"),
            median_of("longest stall of an idle round", [late.ms for late in idle], "ms"),
        ),
        {name: metadata.version(name) for name in ("onnxruntime", "numpy", "pillow")},
        {"busy": [asdict(late) for late in busy], "idle": [asdict(late) for late in idle]},
    )


@dataclass(frozen=True, slots=True)
class Late:
    """How late a tick was, and how much of that other threads of this process used a core."""

    ms: float
    own_ms: float


def _longest(ticks: Sequence[Late]) -> Late:
    return Late(max(late.ms for late in ticks), max(late.own_ms for late in ticks))


async def _captioned(provider: LocalProvider, photos: Sequence[bytes]) -> None:
    requests = (CaptionRequest(photos[n % len(photos)]) for n in range(_AT_ONCE))
    await asyncio.gather(*(provider.caption(request) for request in requests))


async def _late_while(work: Coroutine[Any, Any, None]) -> list[Late]:
    """How late each tick was while ``work`` went on."""
    ticks: list[Late] = []
    working = asyncio.create_task(work)
    while not working.done():
        due, others = time.perf_counter() + _TICK, _used_by_others()
        await asyncio.sleep(_TICK)
        late = time.perf_counter() - due
        ticks.append(Late(late * 1000, min(late, _used_by_others() - others) * 1000))
    await working
    return ticks


def _used_by_others() -> float:
    """Processor time of all threads but this one, in seconds."""
    return time.process_time() - time.thread_time()


ROW = Row(
    name="loop_stall",
    title="Event loop of a captioner while the local provider describes four photos at once",
    reach="≤ 50 ms",
    against="a 1 ms timer on the same loop",
    measure=measure,
)
