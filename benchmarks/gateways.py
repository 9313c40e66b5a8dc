"""Further gateways on a running stack, each with some of its environment changed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.machine import ROOT, NotPrepared
from benchmarks.stack import Stack, cpu_s

_START_S = 60
_STOP_S = 40


@dataclass(frozen=True)
class Gateway:
    """A running gateway."""

    url: str
    pid: int

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far."""
        return cpu_s(self.pid)

    @property
    def resident_mb(self) -> float:
        """Its memory now: VmRSS of proc_pid_status(5), in MB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise LookupError(self.pid)


@contextmanager
def gateway(stack: Stack, log: Path, **variables: str) -> Iterator[Gateway]:
    """The stack's gateway once more, on a port of its own. Raises ``NotPrepared`` if it is not
    ready within a minute; why is in ``log``.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**_environment(stack.pids["gateway-1"]), "GATEWAY_PORT": str(port), **variables}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "services.gateway"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        ) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process)
            yield Gateway(url, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _environment(pid: int) -> dict[str, str]:
    """What a process was started with (proc_pid_environ(5)), but for telemetry."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    given = dict(os.fsdecode(pair).split("=", 1) for pair in pairs if b"=" in pair)
    return {name: value for name, value in given.items() if not name.startswith("OTEL_")}


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    give_up_at = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            with urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310  our own loopback
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise NotPrepared("a further gateway did not get ready")
