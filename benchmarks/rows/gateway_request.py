"""What it costs the gateway to take a photo in, against a server that drops the bytes.

What is judged has answers from a stub of AWS (``benchmarks.stub``), over TLS as on AWS, and workers
that take up each photo at once. Stub and client share one core, the gateway or the bare handler has
the other to itself. So the latency at half load is the gateway's, with 1 to 2 ms of the stub's four
answers in it. Requests come by plain HTTP, as they do behind a load balancer.

Told beside it: the same requests to ``make up`` without workers. There every call waits for
emulated AWS, one Python process on the same cores, and calls are made without TLS.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Result, median_of, percentile, ratios
from benchmarks.gateways import gateway_on, on_core, pin, stub
from benchmarks.machine import ROOT
from benchmarks.pictures import small_jpeg
from benchmarks.row import Row
from benchmarks.stack import cpu_s, running_stack
from benchmarks.uploading import Uploader

# All requests are one user's, and half load has no bound on what is in flight.
_VARIABLES = {"INGEST": "0", "CAPTIONER": "0", "GATEWAY_UPLOADS_PER_USER": "1000"}
_BARE = "benchmarks.contenders.bare_upload"
_ROUNDS = 10
_EMULATED_ROUNDS = 4
_REQUESTS = 60  # a round and contender
_AT_ONCE = 4
_PACED_ROUNDS = 3
_PACED_S = 6  # a round and contender, whatever the machine: some hundred requests
_MEASURED_CORE, _OTHER_CORE = 0, 1

Samples = dict[str, list[float]]


@dataclass(frozen=True)
class Server:
    """Where uploads go: the address, a user's token, the process."""

    url: str
    token: str
    pid: int


def measure() -> Result:
    """CPU a request with four in flight, in turn; then latencies at half of that throughput."""
    with _on_stub() as gateway, _bare_server() as bare, on_core(_OTHER_CORE):
        measured = asyncio.run(_measure({"gateway": gateway, "bare": bare}, _ROUNDS, paced=True))
    with running_stack(**_VARIABLES) as stack, _bare_server() as bare:
        gateway = Server(stack.gateway_url, stack.token, stack.pids["gateway-1"])
        emulated = asyncio.run(
            _measure({"gateway": gateway, "bare": bare}, _EMULATED_ROUNDS, paced=False)
        )
    return _result(measured, emulated)


@dataclass(frozen=True)
class Measured:
    """By name of a server: CPU of a request in each round, and latencies by round, all in ms."""

    cpu: Samples
    rate: float  # requests a second at full load
    paced: Mapping[str, list[list[float]]]


async def _measure(servers: Mapping[str, Server], rounds: int, *, paced: bool) -> Measured:
    photo = small_jpeg()
    clients = {
        name: Uploader(server.url, photo, token=server.token) for name, server in servers.items()
    }
    try:
        cpu: Samples = {name: [] for name in servers}
        seconds = []
        for number in range(-1, rounds):
            for name, server in servers.items():
                before = cpu_s(server.pid)
                took = await clients[name].burst(_REQUESTS, at_once=_AT_ONCE)
                if number >= 0:
                    cpu[name].append((cpu_s(server.pid) - before) / _REQUESTS * 1000)
                    seconds += [took] if name == "gateway" else []
        rate = _REQUESTS / percentile(seconds, 50)
        latencies: dict[str, list[list[float]]] = {name: [] for name in servers}
        for _ in range(_PACED_ROUNDS if paced else 0):
            for name, uploader in clients.items():
                took_each = await uploader.paced(round(_PACED_S * rate / 2), a_second=rate / 2)
                latencies[name].append([took * 1000 for took in took_each])
    finally:
        for uploader in clients.values():
            await uploader.close()
    return Measured(cpu, rate, latencies)


def _result(measured: Measured, emulated: Measured) -> Result:
    cpu = measured.cpu
    medians, tails = (
        {name: [percentile(each, percent) for each in of] for name, of in measured.paced.items()}
        for percent in (50, 99)
    )
    tailing = {name: ratios(tails[name], medians[name]) for name in cpu}
    on_emulator = ratios(emulated.cpu["gateway"], emulated.cpu["bare"])
    return Result(
        (
            median_of("CPU", ratios(cpu["gateway"], cpu["bare"]), "times", at_most=6.0),
            median_of("p99 / p50 at half load", tailing["gateway"], "times", at_most=3.0),
            median_of("CPU, gateway", cpu["gateway"], "ms"),
            median_of("CPU, bare", cpu["bare"], "ms"),
            median_of("p50 at half load", medians["gateway"], "ms"),
            median_of("p99 at half load", tails["gateway"], "ms"),
            median_of("p99 / p50 at that pace, bare", tailing["bare"], "times"),
            median_of("CPU on the emulator", on_emulator, "times"),
        ),
        {name: version(name) for name in ("aiohttp", "aioboto3")},
        {
            "cpu_ms": cpu,
            "paced_ms": measured.paced,
            "requests_a_second_at_full_load": measured.rate,
            "emulated_cpu_ms": emulated.cpu,
        },
    )


@contextmanager
def _on_stub() -> Iterator[Server]:
    with (
        TemporaryDirectory() as folder,
        stub(core=_OTHER_CORE) as aws,
        gateway_on(aws, Path(folder, "log"), core=_MEASURED_CORE) as gateway,
    ):
        yield Server(gateway.url, aws.token("bench"), gateway.pid)


@contextmanager
def _bare_server() -> Iterator[Server]:
    with subprocess.Popen(
        [sys.executable, "-m", _BARE], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        pin(process.pid, _MEASURED_CORE)
        assert process.stdout is not None  # noqa: S101  opened with a pipe
        try:
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            yield Server(url, "", process.pid)
        finally:
            process.kill()


ROW = Row(
    name="gateway_request",
    title="One upload of 200 KB to the gateway",
    reach="≤ 6.0 CPU, p99 ≤ 3 times p50 at half load",
    against="a bare aiohttp multipart handler that drops the bytes",
    measure=measure,
)
