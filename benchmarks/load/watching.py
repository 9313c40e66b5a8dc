"""What the processes of a stack use while photos go through. Linux only: read from /proc."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stack import Stack

_PROC = Path("/proc")


@dataclass(frozen=True)
class Use:
    """Of each process by its name: resident memory in bytes, open files, threads."""

    at: float  # seconds since the watching began
    resident_bytes: Mapping[str, int]
    open_files: Mapping[str, int]
    threads: Mapping[str, int]


def cpu_s(stack: Stack) -> dict[str, float]:
    """CPU seconds of each process so far."""
    return {name: stack.cpu_s(name) for name in stack.pids}


def use_of(stack: Stack, *, began: float) -> Use:
    """What each process holds right now; ``began`` is of the monotonic clock."""
    fields = {name: _status(pid) for name, pid in stack.pids.items()}
    return Use(
        at=time.monotonic() - began,
        resident_bytes={name: each["VmRSS"] * 1024 for name, each in fields.items()},
        open_files={
            name: sum(1 for _ in (_PROC / str(pid) / "fd").iterdir())
            for name, pid in stack.pids.items()
        },
        threads={name: each["Threads"] for name, each in fields.items()},
    )


def _status(pid: int) -> dict[str, int]:
    """The numbers of proc_pid_status(5); sizes are in KiB there."""
    found = {}
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in {"VmRSS", "Threads"}:
            found[name] = int(value.split()[0])
    return found
