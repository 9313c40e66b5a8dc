"""What a collector of telemetry that is away, silent or slow costs the gateway's requests.

Gateways that differ in nothing but where they export to run at once, and are asked in turn.
"""

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData

from benchmarks.figures import Figure, Result, median_of, percentile, ratios
from benchmarks.gateways import Gateway, Stub, gateway_on, stub
from benchmarks.machine import ROOT
from benchmarks.pictures import small_jpeg
from benchmarks.row import Row

# Sixty times as often as on AWS; everything else is the exporters' own default.
_TELEMETRY = {"OTEL_METRIC_EXPORT_INTERVAL": "1000"}
_COLLECTORS = "benchmarks.contenders.collectors"
_WITHIN = ClientTimeout(total=60)

_OFF, _OFF_TOO, _ANSWERING = "off", "off too", "answering"
_FAULTS = ("refused", "silent", "slow")
_NAMES = (_OFF, _OFF_TOO, _ANSWERING, *_FAULTS)
_MOST = 1.05
_MOST_MB = 20.0

_ROUNDS = 20
_A_ROUND = {"read": 60, "upload": 8}  # requests to each gateway
# More spans than wait in memory (2,048), more often than a silent collector gives up. Without
# telemetry there are none, and only the CPU of a read is wanted.
_FLOOD = 4000
_FLOOD_OFF = 400
_AT_ONCE = 8


@dataclass
class Client:
    """Asks one gateway, and keeps how long each answer took: milliseconds by kind and round."""

    gateway: Gateway
    http: ClientSession
    address: str  # of a photo that is there
    photo: bytes = field(repr=False)
    rounds: dict[str, list[list[float]]] = field(
        default_factory=lambda: {kind: [] for kind in _A_ROUND}, repr=False
    )
    failed: int = 0

    async def read(self) -> float:
        """Ask for a photo's record once; milliseconds."""
        begun = time.perf_counter()
        try:
            async with self.http.get(self.address) as answer:
                await answer.read()
                self.failed += answer.status != 200
        except (ClientError, TimeoutError):
            self.failed += 1
        return (time.perf_counter() - begun) * 1000

    async def upload(self) -> float:
        """Send a photo of 200 KB once; milliseconds."""
        form = FormData()
        form.add_field("image", self.photo, filename="photo.jpg", content_type="image/jpeg")
        begun = time.perf_counter()
        try:
            async with self.http.post("/v1/images", data=form) as answer:
                await answer.read()
                self.failed += answer.status != 202
        except (ClientError, TimeoutError):
            self.failed += 1
        return (time.perf_counter() - begun) * 1000

    async def flood(self, count: int) -> float:
        """So many reads, several at once; CPU milliseconds of one."""
        left = iter(range(count))
        before = self.gateway.cpu_s

        async def one_after_the_other() -> None:
            for _ in left:
                await self.read()

        await asyncio.gather(*(one_after_the_other() for _ in range(_AT_ONCE)))
        return (self.gateway.cpu_s - before) / count * 1000

    def medians(self, kind: str) -> list[float]:
        """Of each round."""
        return [statistics.median(samples) for samples in self.rounds[kind]]

    def p95(self, kind: str) -> float:
        """Of all rounds."""
        return percentile([each for samples in self.rounds[kind] for each in samples], 95)


def measure() -> Result:
    """Six gateways on one stub of AWS; rounds in an order that turns, then a flood."""
    with ExitStack() as running:
        aws = running.enter_context(stub())
        folder = Path(running.enter_context(TemporaryDirectory()))
        ports = running.enter_context(_collectors())
        gateways = {
            name: running.enter_context(
                gateway_on(aws, folder / f"{name}.log", core=None, **_of(name, ports))
            )
            for name in _NAMES
        }
        return asyncio.run(_measure(aws, gateways))


def _of(name: str, ports: Mapping[str, int]) -> dict[str, str]:
    if name not in ports:
        return {}
    return {**_TELEMETRY, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{ports[name]}"}


@contextmanager
def _collectors() -> Iterator[dict[str, int]]:
    """Ports by name. Of the one that refuses nobody listens, and nobody else can come to."""
    with (
        socket.socket() as refusing,
        subprocess.Popen(
            [sys.executable, "-m", _COLLECTORS], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as process,
    ):
        refusing.bind(("127.0.0.1", 0))
        assert process.stdout is not None  # noqa: S101  opened with a pipe
        try:
            yield {**json.loads(process.stdout.readline()), "refused": refusing.getsockname()[1]}
        finally:
            process.kill()


async def _measure(aws: Stub, gateways: Mapping[str, Gateway]) -> Result:
    photo, headers = small_jpeg(), {"Authorization": f"Bearer {aws.token('bench')}"}
    async with ClientSession(gateways[_OFF].url, headers=headers, timeout=_WITHIN) as http:
        sent = await http.post(
            "/v1/images", data=photo, headers={"Content-Type": "image/jpeg"}, raise_for_status=True
        )
        address = sent.headers["Location"]
    clients = {
        name: Client(
            each, ClientSession(each.url, headers=headers, timeout=_WITHIN), address, photo
        )
        for name, each in gateways.items()
    }
    cpu: dict[str, float] = {}
    try:
        for number in range(-1, _ROUNDS):
            took = await _round(clients)
            if number >= 0:
                for name, kinds in took.items():
                    for kind, samples in kinds.items():
                        clients[name].rounds[kind].append(samples)
        for name, client in clients.items():
            cpu[name] = await client.flood(_FLOOD_OFF if name in {_OFF, _OFF_TOO} else _FLOOD)
        memory = {name: each.resident_mb for name, each in gateways.items()}
    finally:
        for client in clients.values():
            await client.http.close()
    return _result(clients, cpu, memory)


async def _round(clients: Mapping[str, Client]) -> dict[str, dict[str, list[float]]]:
    """One request at a time, to each gateway in turn: they share whatever else goes on."""
    took: dict[str, dict[str, list[float]]] = {
        name: {kind: [] for kind in _A_ROUND} for name in clients
    }
    for kind, count in _A_ROUND.items():
        for number in range(count):
            turn = number % len(_NAMES)
            for name in (*_NAMES[turn:], *_NAMES[:turn]):
                ask = clients[name].read if kind == "read" else clients[name].upload
                took[name][kind].append(await ask())
    return took


def _result(
    clients: Mapping[str, Client], cpu: Mapping[str, float], memory: Mapping[str, float]
) -> Result:
    worst = max(memory[name] for name in _FAULTS)
    return Result(
        (
            *_compared(clients, _FAULTS, _ANSWERING, at_most=_MOST),
            *_compared(clients, _FAULTS, _OFF, at_most=_MOST),
            Figure("failed requests", sum(each.failed for each in clients.values()), "", at_most=0),
            Figure(
                "memory above answering, the most",
                worst - memory[_ANSWERING],
                "MB",
                at_most=_MOST_MB,
            ),
            *_compared(clients, (_ANSWERING, _OFF_TOO), _OFF),
            *(
                Figure(
                    f"{kind}, p95, the worst / {_ANSWERING}",
                    max(clients[name].p95(kind) for name in _FAULTS)
                    / clients[_ANSWERING].p95(kind),
                    "times",
                )
                for kind in _A_ROUND
            ),
            *(median_of(f"{kind}, off", clients[_OFF].medians(kind), "ms") for kind in _A_ROUND),
            *(Figure(f"CPU of a read, {name}", cpu[name], "ms") for name in _NAMES),
        ),
        {name: version(name) for name in ("aiohttp", "opentelemetry-sdk")},
        {
            "ms": {name: each.rounds for name, each in clients.items()},
            "resident_mb": memory,
        },
    )


def _compared(
    clients: Mapping[str, Client],
    names: Sequence[str],
    against: str,
    *,
    at_most: float | None = None,
) -> Iterator[Figure]:
    """Median times of a round over those of another gateway in the same round."""
    for kind in _A_ROUND:
        theirs = clients[against].medians(kind)
        for name in names:
            yield median_of(
                f"{kind}, {name} / {against}",
                ratios(clients[name].medians(kind), theirs),
                "times",
                at_most=at_most,
            )


ROW = Row(
    name="telemetry_overhead",
    title="Requests of the gateway while the collector refuses, is silent or takes 5 s to answer",
    reach="≤ 1.05 times the time, no request fails, ≤ 20 MB more memory",
    against="the same gateway with a collector that answers, and without telemetry",
    measure=measure,
)
