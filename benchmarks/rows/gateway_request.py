"""What it costs the gateway to take a photo in, against a server that drops the bytes.

The gateway runs in a stack without workers, on emulated AWS: only the CPU of the gateway's own
process counts, while the latency has the emulator's in it. Everything speaks plain HTTP.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from benchmarks.figures import Result, median_of, percentile, ratios
from benchmarks.machine import ROOT
from benchmarks.pictures import small_jpeg
from benchmarks.row import Row
from benchmarks.stack import Stack, cpu_s, running_stack
from benchmarks.uploading import Uploader

# All requests are one user's, and half load has no bound on what is in flight.
_VARIABLES = {"INGEST": "0", "CAPTIONER": "0", "GATEWAY_UPLOADS_PER_USER": "1000"}
_BARE = "benchmarks.contenders.bare_upload"
_ROUNDS = 8
_REQUESTS = 60  # a round and contender
_AT_ONCE = 4
_PACED_ROUNDS = 3
_PACED_REQUESTS = 150


def measure() -> Result:
    """CPU a request with four in flight, in turn; then latencies at half of that throughput."""
    with running_stack(**_VARIABLES) as stack, _bare_server() as (url, pid):
        return asyncio.run(_measure(stack, url, pid))


async def _measure(stack: Stack, bare_url: str, bare_pid: int) -> Result:
    photo = small_jpeg()
    gateway = Uploader(stack.gateway_url, photo, token=stack.token)
    bare = Uploader(bare_url, photo)
    turns = {"gateway": (gateway, stack.pids["gateway-1"]), "bare": (bare, bare_pid)}
    cpu: dict[str, list[float]] = {name: [] for name in turns}
    seconds: list[float] = []
    try:
        for number in range(-1, _ROUNDS):
            for name, (uploader, pid) in turns.items():
                before = cpu_s(pid)
                took = await uploader.burst(_REQUESTS, at_once=_AT_ONCE)
                if number >= 0:
                    cpu[name].append((cpu_s(pid) - before) / _REQUESTS * 1000)
                    seconds += [took] if name == "gateway" else []
        rate = _REQUESTS / sorted(seconds)[len(seconds) // 2]
        paced = [
            [took * 1000 for took in await gateway.paced(_PACED_REQUESTS, a_second=rate / 2)]
            for _ in range(_PACED_ROUNDS)
        ]
    finally:
        await gateway.close()
        await bare.close()
    return _result(cpu, paced, rate)


def _result(cpu: dict[str, list[float]], paced: list[list[float]], rate: float) -> Result:
    medians = [percentile(each, 50) for each in paced]
    tails = [percentile(each, 99) for each in paced]
    return Result(
        (
            median_of("CPU", ratios(cpu["gateway"], cpu["bare"]), "times", at_most=6.0),
            median_of("p99 / p50 at half load", ratios(tails, medians), "times", at_most=3.0),
            median_of("CPU, gateway", cpu["gateway"], "ms"),
            median_of("CPU, bare", cpu["bare"], "ms"),
            median_of("p50 at half load", medians, "ms"),
            median_of("p99 at half load", tails, "ms"),
        ),
        {name: version(name) for name in ("aiohttp", "aioboto3")},
        {"cpu_ms": cpu, "paced_ms": paced, "requests_a_second_at_full_load": rate},
    )


@contextmanager
def _bare_server() -> Iterator[tuple[str, int]]:
    with subprocess.Popen(
        [sys.executable, "-m", _BARE], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None  # noqa: S101  opened with a pipe
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}", process.pid
        finally:
            process.kill()


ROW = Row(
    name="gateway_request",
    title="One upload of 200 KB to the gateway",
    reach="≤ 6.0 CPU, p99 ≤ 3 times p50 at half load",
    against="a bare aiohttp multipart handler that drops the bytes",
    measure=measure,
)
