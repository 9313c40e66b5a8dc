"""One photo through the whole system: when the client has its 202, and when it has captions."""

import asyncio
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, ClientTimeout

from benchmarks.figures import Figure, Result, median_of, percentile
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
            first, last = await _send(http, photo.read_bytes())
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


async def _send(http: ClientSession, data: bytes) -> tuple[float, float]:
    """Seconds from the first byte sent to the 202, and to the answer that has captions.

    Raises ValueError if the photo fails, TimeoutError if it takes longer than a minute.
    """
    begun = time.perf_counter()
    async with http.post("/v1/images", data=data, headers={"Content-Type": "image/jpeg"}) as answer:
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


ROW = Row(
    name="one_photo",
    title="A 12 MP photo from upload to captions, small local models, one at a time",
    reach="told, not judged",
    against="no peer",
    measure=measure,
)
