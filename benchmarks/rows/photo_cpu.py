"""All CPU of one 12 MP photo from upload to captions, against its image operations alone.

The models are played by another process, as AWS is; neither is counted. What counts is all that the
gateway, ingest with its decoding processes and the captioner use, the client's status request
included.
"""

import asyncio
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contender import PROJECT, Contender, contender
from benchmarks.figures import Result, median_of, ratios
from benchmarks.photo_load import SERVICES, cpu_of_services, distinct, through
from benchmarks.pictures import twelve_megapixel_jpegs
from benchmarks.row import Row
from benchmarks.stack import Stack, running_stack

_ROUNDS = 8
_EACH = 2  # of three photographs a round
_AT_ONCE = 3


def measure() -> Result:
    """Rounds of six photos through the stack, and the same six prepared in a process of its own."""
    with (
        TemporaryDirectory() as folder,
        running_stack(MODELS="standin") as stack,
        contender(PROJECT) as alone,
    ):
        photos = twelve_megapixel_jpegs(Path(folder)) * _EACH
        return asyncio.run(_measure(stack, alone, photos))


async def _measure(stack: Stack, alone: Contender, photos: list[Path]) -> Result:
    cpu: dict[str, list[float]] = {name: [] for name in (*SERVICES, "image operations")}
    # The round before pays for connections and for what is loaded at first use.
    for number in range(-1, _ROUNDS):
        taken = await _through(stack, photos)
        taken["image operations"] = sum(alone.do("renditions", photo).cpu_s for photo in photos)
        if number >= 0:
            for name, seconds in taken.items():
                cpu[name].append(seconds / len(photos) * 1000)
    whole = [sum(parts) for parts in zip(*(cpu[name] for name in SERVICES), strict=True)]
    return Result(
        (
            median_of("CPU", ratios(whole, cpu["image operations"]), "times", at_most=1.3),
            median_of("CPU, all three", whole, "ms"),
            *(median_of(f"CPU, {name}", each, "ms") for name, each in cpu.items()),
        ),
        {name: version(name) for name in ("aiohttp", "aioboto3", "pillow")},
        {"cpu_ms": cpu},
    )


async def _through(stack: Stack, photos: list[Path]) -> dict[str, float]:
    before = cpu_of_services(stack)
    await through(stack, [distinct(photo.read_bytes()) for photo in photos], at_once=_AT_ONCE)
    after = cpu_of_services(stack)
    return {name: after[name] - before[name] for name in SERVICES}


ROW = Row(
    name="photo_cpu",
    title="All CPU of a 12 MP photo from upload to captions, model time aside",
    reach="≤ 1.3 CPU",
    against="its image operations alone, in a process of their own",
    measure=measure,
)
