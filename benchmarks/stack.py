"""A whole stack for a benchmark: ``make up`` in a folder and on ports of its own, then down."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.machine import ROOT, NotPrepared
from infra.local import ownership

_START_S = 180
_ENOUGH = "1000000"
# CPUCLOCK_SCHED in Linux's include/linux/posix-timers.h: the id of any process's CPU clock is its
# pid, inverted, above these three bits, which is what clock_getcpuclockid(3) computes.
_CPUCLOCK_SCHED = 2


@dataclass(frozen=True)
class Stack:
    """A running stack: where its gateway is, a user's token, and the processes by name.

    ``values`` are those of its ``stack.env``; ``log`` is the folder with a file of each process.
    """

    gateway_url: str
    token: str
    pids: dict[str, int]
    values: dict[str, str] = field(repr=False)
    log: Path

    def cpu_s(self, name: str) -> float:
        """CPU seconds that the process ``gateway-1``, ``ingest-1`` ... has used so far."""
        return cpu_s(self.pids[name])


def cpu_s(pid: int) -> float:
    """CPU seconds of all threads of a process so far."""
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


@contextmanager
def running_stack(**variables: str) -> Iterator[Stack]:
    """A stack of its own with these variables of ``make up``; nothing of it is left afterwards.

    Raises ``NotPrepared`` if it does not start; why is on standard error.
    """
    base = free_port_base()
    with TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if not _is_of_make(name)},
            "PORT_BASE": str(base),
            "STATE_DIR": folder,
            "DETACH": "1",
            "GATEWAY_QUOTA_LIMIT": _ENOUGH,
            **variables,
        }
        try:
            _local("up", environment)
            token = _local("token", {**environment, "NAME": "bench"}).strip()
            pids = {each.name: each.pid for each in ownership.recorded(Path(folder, "run"))}
            lines = Path(folder, "stack.env").read_text().splitlines()
            values = dict(line.split("=", 1) for line in lines)
            yield Stack(f"http://127.0.0.1:{base}", token, pids, values, Path(folder, "log"))
        finally:
            _local("down", environment)


def _local(command: str, environment: dict[str, str]) -> str:
    """What ``make up``, ``make down`` and ``make token`` run once everything is installed."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.local", command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=_START_S,
    )
    if done.returncode != 0:
        raise NotPrepared(f"the stack's `{command}` failed")
    return done.stdout


def free_port_base() -> int:
    """The first of four ports that nobody listens on."""
    while True:
        base = random.randrange(20_000, 29_000)
        try:
            for port in range(base, base + 4):
                with socket.socket() as listener:
                    listener.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base


def _is_of_make(name: str) -> bool:
    return name.startswith("MAKE") or name in {"MFLAGS", "NAME", "GNUMAKEFLAGS"}
