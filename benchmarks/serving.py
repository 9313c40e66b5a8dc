"""The contender's side of a comparison: one JSON line in, the work done once, one JSON line out.

Only the standard library is used: a peer runs in an environment that has none of our packages.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

# A photo's bytes to whatever is made of it.
Operation = Callable[[bytes], list[bytes]]
_PROC = Path("/proc/self")


def serve(operations: Mapping[str, Operation], *, packages: list[str]) -> None:
    """Answer requests on standard input until it ends. ``packages`` are named with versions."""
    _say({"versions": {name: version(name) for name in packages}})
    for line in sys.stdin:
        request = json.loads(line)
        _say(_measured(operations[request["operation"]], request))


def _measured(operation: Operation, request: Mapping[str, Any]) -> dict[str, float]:
    data = Path(request["photo"]).read_bytes()
    # Where it is refused, the peak so far stands in: after a warm-up it is hardly higher.
    with contextlib.suppress(OSError):
        (_PROC / "clear_refs").write_text("5")  # proc_pid_clear_refs(5): the peak starts anew
    resident = _status_bytes("VmRSS")
    busy = busy_s()
    wall, cpu = time.perf_counter(), time.process_time()
    made = operation(data)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    others = max(0.0, busy_s() - busy - cpu)
    added = _status_bytes("VmHWM") - resident
    if request.get("save"):
        for number, picture in enumerate(made):
            Path(f"{request['save']}-{number}").write_bytes(picture)
    return {"cpu_s": cpu, "wall_s": wall, "others_s": others, "added_bytes": added}


def busy_s() -> float:
    """What all cores did since the start, and what was taken from this machine: proc_stat(5)."""
    user, nice, system, _, _, irq, softirq, steal, *_ = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _status_bytes(name: str) -> int:
    """A size in proc_pid_status(5), which counts in KiB."""
    for line in (_PROC / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)
