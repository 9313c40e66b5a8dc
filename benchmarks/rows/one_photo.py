"""One photo through the whole system: when the client has its 202, and when it has captions."""

import asyncio
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, ClientTimeout

from benchmarks.figures import Figure, Result, median_of, percentile
from benchmarks.photo_load import captioned
from benchmarks.pictures import distinct_jpegs
from benchmarks.row import Row
from benchmarks.stack import Stack, running_stack

_PHOTOS = 20
_WARM_UP = 2
_WITHIN = ClientTimeout(total=60)
_SERVICES = ("gateway-1", "ingest-1", "captioner-1")


def measure() -> Result:
    """Twenty different 12 MP photos, one after the other, through a stack of its own."""
    with TemporaryDirectory() as folder, running_stack() as stack:
        photos = distinct_jpegs(Path(folder), _PHOTOS + _WARM_UP)
        return asyncio.run(_measure(stack, photos))


async def _measure(stack: Stack, photos: list[Path]) -> Result:
    accepted: list[float] = []
    completed: list[float] = []
    cpu: dict[str, list[float]] = {name: [] for name in _SERVICES}
    headers = {"Authorization": f"Bearer {stack.token}"}
    async with ClientSession(stack.gateway_url, headers=headers, timeout=_WITHIN) as http:
        for number, photo in enumerate(photos):
            before = {name: stack.cpu_s(name) for name in _SERVICES}
            first, last = await captioned(http, photo.read_bytes())
            if number >= _WARM_UP:
                accepted.append(first * 1000)
                completed.append(last * 1000)
                for name in _SERVICES:
                    cpu[name].append((stack.cpu_s(name) - before[name]) * 1000)
    return Result(
        (
            median_of("202, p50", accepted, "ms"),
            Figure("202, p95", percentile(accepted, 95), "ms"),
            median_of("captions, p50", completed, "ms"),
            Figure("captions, p95", percentile(completed, 95), "ms"),
            *(median_of(f"CPU, {name[:-2]}", cpu[name], "ms") for name in _SERVICES),
        ),
        {name: version(name) for name in ("aiohttp", "aioboto3", "pillow", "onnxruntime")},
        {"accepted_ms": accepted, "completed_ms": completed, "cpu_ms": cpu},
    )


ROW = Row(
    name="one_photo",
    title="A 12 MP photo from upload to captions, small local models, one at a time",
    reach="told, not judged",
    against="no peer",
    measure=measure,
)
