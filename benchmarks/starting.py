"""One process of ``make up`` at a time: how long until it is ready, and what it holds when idle."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from urllib.error import URLError
from urllib.request import urlopen

import boto3

from benchmarks.machine import ROOT, NotPrepared
from benchmarks.stack import cpu_s, free_port_base
from infra.local.environment import use_emulator
from infra.local.kept import keep
from infra.local.layout import LOOPBACK, options_from
from infra.local.processes import Process, emulator, services
from infra.local.provision import provision
from infra.local.signin import ready_made_users
from infra.local.written import write_all

_START_S = 60
_STOP_S = 20
_LOOK_EVERY = 0.01
_ANSWER_S = 5


@dataclass(frozen=True)
class Start:
    """From the spawn to the first good answer about health, and the memory some seconds later.

    ``resident_mb`` and ``own_mb`` are VmRSS and Pss of proc_pid_status(5) and proc_pid_smaps(5).
    """

    ready_s: float
    cpu_s: float
    resident_mb: float
    own_mb: float


@contextmanager
def table(**variables: str) -> Iterator[list[Process]]:
    """What ``make up`` starts with these variables, with nothing running yet but emulated AWS.

    Raises ``NotPrepared`` if that does not start.
    """
    with TemporaryDirectory() as folder, ExitStack() as stack:
        # Of the caller's environment nothing reaches a process that `make up` would not pass on.
        given = {**os.environ, **variables, "PORT_BASE": str(free_port_base())}
        options = options_from({**given, "STATE_DIR": folder})
        kept, _ = keep(options.layout.state)
        stack.enter_context(_running(emulator(options.layout, given), Path(folder, "aws.log")))
        with patch.dict(os.environ):
            use_emulator(options.layout.aws_url)
            resources = provision(
                boto3.Session(),
                ui_url=options.layout.ui_url,
                retention_days=options.retention_days,
                passwords={user: kept.password_of(user) for user in ready_made_users()},
            )
        write_all(options.layout, resources, kept)
        yield services(options, resources, kept, given)


def start(process: Process, *, idle_s: float) -> Start:
    """Start it, wait until it is ready and then for ``idle_s``, and stop it.

    Raises ``NotPrepared`` with its last lines if it does not get ready.
    """
    with TemporaryDirectory() as folder:
        began = time.monotonic()
        with _running(process, Path(folder, "log")) as pid:
            ready = time.monotonic() - began
            used = cpu_s(pid)
            time.sleep(idle_s)
            return Start(ready, used, _megabytes(pid, "status", "VmRSS:"), _own(pid))


@contextmanager
def _running(process: Process, log: Path) -> Iterator[int]:
    """The process's id, from when it is ready."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            process.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=process.environment,
            cwd=ROOT,
        ) as child,
    ):
        try:
            _wait(process, child, log)
            yield child.pid
        finally:
            child.terminate()
            try:
                child.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()


def _wait(process: Process, child: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up_at = time.monotonic() + _START_S
    while child.poll() is None and time.monotonic() < give_up_at:
        port = process.port or _said_port(log)
        if port and _is_well(port, process.health_path):
            return
        time.sleep(_LOOK_EVERY)
    last = log.read_text(errors="replace")[-2000:]
    raise NotPrepared(f"{process.name} did not get ready:\n{last}")


def _said_port(log: Path) -> int | None:
    for line in log.read_text().splitlines():
        if '"ready"' in line and line.endswith("}"):
            return int(json.loads(line)["health_port"])
    return None


def _is_well(port: int, path: str) -> bool:
    try:
        with urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=_ANSWER_S) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _own(pid: int) -> float:
    try:
        return _megabytes(pid, "smaps_rollup", "Pss:")
    except PermissionError:
        raise NotPrepared("ingest hides its memory's map from its own user: run as root") from None


def _megabytes(pid: int, file: str, name: str) -> float:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(name)
