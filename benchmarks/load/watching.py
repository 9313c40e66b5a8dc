"""What the processes of a stack use while photos go through. Linux only: read from /proc."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.photo_load import cpu_of_services
from benchmarks.stack import Stack

_PROC = Path("/proc")


@dataclass(frozen=True)
class Use:
    """Of each process by its name: resident memory in bytes, open files, threads, CPU so far.

    In the CPU of ingest is that of its decoding processes.
    """

    at: float  # seconds since the watching began
    resident_bytes: Mapping[str, int]
    open_files: Mapping[str, int]
    threads: Mapping[str, int]
    cpu_s: Mapping[str, float] = field(default_factory=dict)


def cpu_s(stack: Stack) -> dict[str, float]:
    """CPU seconds of each process so far."""
    return {name: stack.cpu_s(name) for name in stack.pids}


def use_of(stack: Stack, *, began: float) -> Use:
    """What each process holds right now; ``began`` is of the monotonic clock."""
    fields = {name: _status(pid) for name, pid in stack.pids.items()}
    services = {f"{name}-1": used for name, used in cpu_of_services(stack).items()}
    return Use(
        at=time.monotonic() - began,
        resident_bytes={name: each["VmRSS"] * 1024 for name, each in fields.items()},
        open_files={
            name: sum(1 for _ in (_PROC / str(pid) / "fd").iterdir())
            for name, pid in stack.pids.items()
        },
        threads={name: each["Threads"] for name, each in fields.items()},
        cpu_s=cpu_s(stack) | services,
    )


def _status(pid: int) -> dict[str, int]:
    """The numbers of proc_pid_status(5); sizes are in KiB there."""
    found = {}
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in {"VmRSS", "Threads"}:
            found[name] = int(value.split()[0])
    return found
