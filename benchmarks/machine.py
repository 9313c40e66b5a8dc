"""Where and on what code a measurement was made."""

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# What a run of the benchmarks writes itself.
_WRITTEN_HERE = (":!benchmarks/results", ":!benchmarks/README.md")


class NotPrepared(Exception):
    """Something that a benchmark needs is not installed; the text says how to get it."""


def commit() -> dict[str, Any]:
    """The commit of the checkout, and whether anything differs from it."""
    changed = _git("status", "--porcelain", "--", ".", *_WRITTEN_HERE)
    return {"id": _git("rev-parse", "HEAD"), "dirty": bool(changed)}


def machine() -> Mapping[str, Any]:
    """Processor, cores this process may use, memory in bytes, system and Python."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def load() -> float:
    """Processes that wanted a core, on average over the last minute; one of them may be ours."""
    return round(os.getloadavg()[0], 2)


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607  whichever git the caller works with
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout.strip()
