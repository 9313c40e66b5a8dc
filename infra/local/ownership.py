"""Which processes are ours, on disk, so that another command can stop them and nothing else.

``<name>.pid`` holds the number alone, for scripts. A number is reused by the system, so
``<name>.mark`` beside it holds when that process was started; only where both agree is it ours.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.local.environment import STACK_MARK
from infra.local.layout import SUPERVISOR

_PROC = Path("/proc")
_POLL = 0.05  # seconds between two looks at a process that was told to end
_KILL_GRACE = 5.0  # seconds that the system may need to reap what was killed


@dataclass(frozen=True)
class Owned:
    """A process of this stack by its pid file; ``alive`` only if it is still the same one."""

    name: str
    pid: int
    alive: bool

    def send(self, signum: signal.Signals) -> None:
        """Signal the process and its group, which only the supervisor does not lead."""
        try:
            if self.name == SUPERVISOR:
                os.kill(self.pid, signum)
            else:
                os.killpg(self.pid, signum)
        except (ProcessLookupError, PermissionError):
            pass  # it ended in this moment; macOS says the latter of a zombie's group


def started_mark(pid: int) -> str | None:
    """When this process was started, or ``None`` if there is none (a zombie counts as none)."""
    if not _PROC.joinpath("self", "stat").exists():
        return _started_by_ps(pid)
    fields = _stat_fields(pid)
    if fields is None or fields[0] == "Z":
        return None
    # Field 22 of proc_pid_stat(5), in ticks since boot: hence the boot's id beside it.
    boot = _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {fields[19]}"


def record(run: Path, name: str, pid: int) -> None:
    """Write the two files of a process that was just started."""
    run.joinpath(f"{name}.mark").write_text(started_mark(pid) or "")
    temporary = run / f"{name}.pid.new"
    temporary.write_text(f"{pid}\n")
    temporary.replace(run / f"{name}.pid")


def forget(run: Path, name: str) -> None:
    """Remove the files of a process that has ended."""
    for suffix in ("pid", "mark"):
        run.joinpath(f"{name}.{suffix}").unlink(missing_ok=True)


def recorded(run: Path) -> list[Owned]:
    """Every process that has a pid file, whether it still lives or not."""
    found = (_owned(run, path) for path in sorted(run.glob("*.pid")))
    return [owned for owned in found if owned is not None]


def find(run: Path, name: str) -> Owned | None:
    """The living process of that name, if there is one."""
    owned = next((each for each in recorded(run) if each.name == name), None)
    return owned if owned is not None and owned.alive else None


def stop(run: Path, processes: Iterable[Owned], *, grace: float) -> None:
    """Ask these to end, wait ``grace`` seconds at most, kill the rest, remove their files."""
    waiting = list(processes)
    for each in waiting:
        if each.alive:
            each.send(signal.SIGTERM)
    if not _wait_for_end(run, waiting, grace):
        for each in waiting:
            if find(run, each.name):
                each.send(signal.SIGKILL)
        _wait_for_end(run, waiting, _KILL_GRACE)
    for each in waiting:
        forget(run, each.name)


def stop_strays(state: Path, groups: Iterable[int]) -> None:
    """Kill what outlived the leader of its group, recognised by the stack's mark (Linux only)."""
    wanted = set(groups)
    mark = f"{STACK_MARK}={state}".encode()
    for path in _PROC.glob("[0-9]*"):
        pid = int(path.name)
        fields = _stat_fields(pid)
        if fields is None or int(fields[2]) not in wanted:
            continue
        try:
            if mark in (path / "environ").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
        except OSError:
            continue  # gone meanwhile, or somebody else's


def _owned(run: Path, path: Path) -> Owned | None:
    name = path.stem
    # The supervisor removes both files when their process ends, also while we read.
    try:
        pid = int(path.read_text())
    except FileNotFoundError:
        return None
    known = ""
    with suppress(FileNotFoundError):
        known = (run / f"{name}.mark").read_text()
    return Owned(name, pid, alive=bool(known) and started_mark(pid) == known)


def _wait_for_end(run: Path, processes: list[Owned], limit: float) -> bool:
    deadline = time.monotonic() + limit
    while any(find(run, each.name) for each in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def _stat_fields(pid: int) -> list[str] | None:
    try:
        text = _PROC.joinpath(str(pid), "stat").read_text()
    except OSError:
        return None
    # The name, in parentheses, may hold spaces and parentheses of its own.
    return text.rpartition(")")[2].split()


def _started_by_ps(pid: int) -> str | None:
    ps = shutil.which("ps")
    if ps is None:
        return None
    found = subprocess.run(
        [ps, "-o", "lstart=,stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    started, _, state = found.stdout.strip().rpartition(" ")
    return None if not started or state.startswith("Z") else started.strip()
