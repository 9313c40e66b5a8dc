"""Gateways of their own for a benchmark, on the stub of AWS."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from benchmarks.machine import ROOT, NotPrepared
from benchmarks.stack import cpu_s
from benchmarks.stub import signin
from infra.local.environment import aws_environment, inherited
from infra.local.layout import IMAGES_BUCKET, RECORDS_TABLE

_START_S = 60
_STOP_S = 40
_UNBOUNDED = "1000000"


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


@dataclass(frozen=True)
class Stub:
    """A running stub of AWS, see ``benchmarks.stub.server``. ``authority``: whom TLS trusts."""

    url: str
    pid: int
    authority: Path | None

    def token(self, user: str) -> str:
        """An access token of the user's, who is any name."""
        return self._ask(f"/_token/{user}").decode()

    def load(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Put items, in the form of ``shared.items.to_item``, into the table."""
        self._ask("/_items", json.dumps(items).encode())

    def calls(self) -> dict[str, int]:
        """How often each call of AWS came since this was asked last."""
        counted: dict[str, int] = json.loads(self._ask("/_calls"))
        return counted

    def _ask(self, path: str, data: bytes | None = None) -> bytes:
        tls = ssl.create_default_context(cafile=self.authority) if self.authority else None
        with urlopen(Request(self.url + path, data), timeout=30, context=tls) as answer:  # noqa: S310  our own loopback
            content: bytes = answer.read()
            return content


@contextmanager
def stub(*, tls: bool = True, workers: bool = True, core: int | None = None) -> Iterator[Stub]:
    """A stub of AWS, by ``tls`` as on AWS, on the ``core`` of that index if this one may choose.

    ``workers``: messages are taken up at once, see ``benchmarks.stub.server``.
    """
    with TemporaryDirectory() as folder:
        authority = signin.certificate(Path(folder)) if tls else None
        options = ["--certificate", str(authority)] if authority else []
        options += ["--workers"] if workers else []
        with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.stub.server", *options],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as process:
            pin(process.pid, core)
            assert process.stdout is not None  # noqa: S101  opened with a pipe
            try:
                port = process.stdout.readline().strip()
                if not port:
                    raise NotPrepared("the stub of AWS did not start: why is above")
                scheme = "https" if tls else "http"
                yield Stub(f"{scheme}://127.0.0.1:{port}", process.pid, authority)
            finally:
                process.kill()


@contextmanager
def gateway_on(
    aws: Stub, log: Path, *, core: int | None = None, **variables: str
) -> Iterator[Gateway]:
    """A gateway on the stub, its settings those of ``make up`` but for the bounds on one user's
    requests, which all requests of a benchmark are. Raises ``NotPrepared`` if it is not ready
    within a minute; why is in ``log``.
    """
    environment = {**inherited(os.environ), **aws_environment(aws.url), **_settings(aws)}
    if aws.authority is not None:
        # Whom botocore trusts, and whom everything else does.
        environment |= dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE"), str(aws.authority))
    with _started({**environment, **variables}, log, core) as started:
        yield started


def pin(pid: int, core: int | None) -> None:
    """Keep a process that has no threads yet on one core, where the system has it and allows it."""
    cores = sorted(os.sched_getaffinity(0))
    if core is not None and core < len(cores):
        with suppress(OSError):
            os.sched_setaffinity(pid, {cores[core]})


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This process itself on one core meanwhile; what it starts there stays there."""
    before = os.sched_getaffinity(0)
    pin(0, core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _settings(aws: Stub) -> dict[str, str]:
    queue = f"{aws.url}/000000000000"
    return {
        "GATEWAY_PUBLIC_URL": "http://127.0.0.1",
        "GATEWAY_IMAGES_BUCKET": IMAGES_BUCKET,
        "GATEWAY_RECORDS_TABLE": RECORDS_TABLE,
        "GATEWAY_INGEST_QUEUE_URL": f"{queue}/ingest",
        "GATEWAY_INGEST_DLQ_URL": f"{queue}/ingest-dlq",
        "GATEWAY_CAPTION_QUEUE_URL": f"{queue}/caption",
        "GATEWAY_CAPTION_DLQ_URL": f"{queue}/caption-dlq",
        "GATEWAY_COGNITO_ISSUER": signin.ISSUER,
        "GATEWAY_COGNITO_JWKS_URL": f"{aws.url}/jwks.json",
        "GATEWAY_COGNITO_CLIENT_IDS": signin.CLIENT_ID,
        "GATEWAY_COGNITO_USER_POOL_DOMAIN_URL": aws.url,
        "GATEWAY_LOGOUT_CLIENT_ID": signin.CLIENT_ID,
        "GATEWAY_SIGNING_KEY": "s" * 32,
        "GATEWAY_USER_HASH_KEY": "h" * 32,
        "GATEWAY_QUOTA_LIMIT": _UNBOUNDED,
        # A unit a minute comes back, as in the defaults: so a quota that is in use stays in use.
        "GATEWAY_QUOTA_WINDOW_S": f"{60 * int(_UNBOUNDED)}",
        "GATEWAY_REQUESTS_PER_MINUTE": _UNBOUNDED,
        "GATEWAY_ADDRESS_REQUESTS_PER_MINUTE": _UNBOUNDED,
        "GATEWAY_UPLOADS_PER_USER": "1000",
    }


@contextmanager
def _started(environment: dict[str, str], log: Path, core: int | None) -> Iterator[Gateway]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "services.gateway"],
            env={**environment, "GATEWAY_PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        ) as process,
    ):
        pin(process.pid, core)
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


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    give_up_at = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            with urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310  our own loopback
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise NotPrepared("the gateway on the stub did not get ready")
