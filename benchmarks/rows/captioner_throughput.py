"""How many photos a captioner has described in a second when the model takes 50 ms.

The captioner runs in this process, on a stack that has no other. Bedrock is played by the
stand-in, which looks at each picture before it begins to wait: so its latency is 50 ms and what it
needs itself, and is measured by a client that only sends a body that is ready. AWS is played by
the emulator, one Python process on the same cores, slower than DynamoDB and S3 are. So the chain,
which needs none of it, is what is judged; the whole worker is told beside it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.captioners import Burst, bare_client, burst, captioner
from benchmarks.figures import Figure, Result, median_of, ratios
from benchmarks.pictures import twelve_megapixel_jpegs
from benchmarks.row import Row
from benchmarks.stack import Stack, running_stack
from services.ingest.decode import Limits
from services.ingest.renditions import prepare
from tests.standins.running import commanding

_DELAY_MS = 50
_AT_ONCE = 4  # photos: the default of a captioner
_MORE = 16
_ROUNDS = 24
_ROUNDS_OF_MORE = 10
_WORKER_ROUNDS = 4
_EACH = 10  # photos of a round for each that is in flight

Bursts = dict[str, list[Burst]]


def measure() -> Result:
    """Rounds of the bare client and the chain in turn, then of the whole worker."""
    with (
        running_stack(MODELS="standin", INGEST="0", CAPTIONER="0") as stack,
        TemporaryDirectory() as folder,
    ):
        photo = twelve_megapixel_jpegs(Path(folder))[0]
        image = prepare(photo.read_bytes(), limits=Limits()).model.data
        return asyncio.run(_measure(stack, image))


async def _measure(stack: Stack, image: bytes) -> Result:
    async with commanding(stack.values["STANDIN_URL"]) as models:
        await models.fault(bedrock={"mode": "none", "delay_ms": _DELAY_MS})
    taken = await _rounds(stack, image, _AT_ONCE, _ROUNDS) | await _worker_rounds(stack, image)
    more = await _rounds(stack, image, _MORE, _ROUNDS_OF_MORE)
    worker = [_AT_ONCE * 1000 / each.each_ms for each in taken["worker"]]
    return Result(
        (
            *_figures(taken, _AT_ONCE, at_least=0.9),
            median_of("CPU, chain", [each.cpu_ms for each in taken["chain"]], "ms"),
            median_of("CPU, bare client", [each.cpu_ms for each in taken["bare"]], "ms"),
            median_of("CPU, whole worker", [each.cpu_ms for each in taken["worker"]], "ms"),
            median_of("whole worker on the emulator", worker, "photos/s"),
            *_figures(more, _MORE),
        ),
        {name: version(name) for name in ("aiohttp", "aioboto3", "aiobotocore")},
        {"image_bytes": len(image), "bursts": _samples(taken) + _samples(more)},
    )


async def _rounds(stack: Stack, image: bytes, at_once: int, rounds: int) -> Bursts:
    taken: Bursts = {"bare": [], "chain": []}
    async with (
        bare_client(stack, image) as bare,
        captioner(stack, image, concurrency=at_once) as ours,
    ):
        # The round before pays for connections and for what is loaded at first use.
        for number in range(-1, rounds):
            for name, job in (("bare", bare), ("chain", ours.ask_chain)):
                done = await burst(job, count=_EACH * at_once, at_once=at_once)
                taken[name] += [done] if number >= 0 else []
    return taken


async def _worker_rounds(stack: Stack, image: bytes) -> Bursts:
    count = _EACH * _AT_ONCE
    async with captioner(stack, image, concurrency=_AT_ONCE) as ours:
        taken = [
            await burst(await ours.jobs(count), count=count, at_once=_AT_ONCE)
            for _ in range(-1, _WORKER_ROUNDS)
        ]
    return {"worker": taken[1:]}


def _figures(taken: Bursts, at_once: int, **limits: float) -> Sequence[Figure]:
    bare, chain = ([each.each_ms for each in taken[name]] for name in ("bare", "chain"))
    nominal = [_DELAY_MS / each for each in chain]
    # Photos a second over concurrency ÷ latency: the concurrency is in both, and falls out.
    return (
        median_of(f"of {at_once} ÷ latency", ratios(bare, chain), "", **limits),
        median_of(f"of {at_once} ÷ {_DELAY_MS} ms", nominal, ""),
        median_of(f"latency, {at_once} at once", bare, "ms"),
    )


def _samples(taken: Bursts) -> list[dict[str, Any]]:
    return [{"of": name, **asdict(each)} for name, bursts in taken.items() for each in bursts]


ROW = Row(
    name="captioner_throughput",
    title="Photos through a captioner whose model takes 50 ms",
    reach="≥ 0.90 of 4 ÷ latency, with 4 at once",
    against="a client that only sends bodies that are ready",
    measure=measure,
)
