"""Keeps one process of the stack alive: starts it, reads it, starts it again when it dies.

Each process leads a group of its own, so that Ctrl-C reaches only the supervisor and stopping a
process stops everything it started.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

from infra.local import ownership
from infra.local.backoff import Backoff
from infra.local.console import parse, wrapped
from infra.local.journal import Journal
from infra.local.layout import ROOT, Layout
from infra.local.probe import is_well
from infra.local.processes import Process

_CHUNK = 65_536
_LONGEST_LINE = 262_144  # bytes; what is longer is cut into several
_PROBE_EVERY = 0.1  # seconds
_DRAIN_OUTPUT = 2.0  # seconds for the last lines of a process that has ended
_START_ATTEMPTS = 2
_LAST_LINES = 5
_PR_SET_PDEATHSIG = 1  # prctl(2)


class NeverReady(Exception):
    """The process ended again and again without ever having been ready; the text says how."""


class Keeper:
    """One process, from its first start to its last. ``run`` is the loop; ``stop`` ends it.

    ``lost`` is set each time the process ends unasked. With ``patient``, or
    once it was ready, it is started again for ever; else ``run`` raises ``NeverReady`` when the
    first attempts fail. ``restart_pause`` (seconds) replaces the growing pause before that.
    """

    def __init__(
        self,
        process: Process,
        layout: Layout,
        journal: Journal,
        *,
        patient: bool = False,
        restart_pause: float | None = None,
    ) -> None:
        self.process = process
        self.ready = asyncio.Event()
        self.lost = asyncio.Event()
        self.health_port = process.port
        self._layout = layout
        self._journal = journal
        self._patient = patient
        self._backoff = Backoff(time.monotonic, always=restart_pause)
        self._stopping = asyncio.Event()
        self._child: asyncio.subprocess.Process | None = None
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)

    async def run(self) -> None:
        """Keep the process alive until ``stop``."""
        attempts = 0
        while not self._stopping.is_set():
            attempts += 1
            how = await self._run_once()
            if self._stopping.is_set():
                return
            if self._backoff.was_ready:
                self._patient = True
            elif not self._patient and attempts >= _START_ATTEMPTS:
                raise NeverReady(self._why(how))
            await self._pause(how)

    async def stop(self, grace: float) -> None:
        """Ask the process to end, and kill it after ``grace`` seconds."""
        self._stopping.set()
        child = self._child
        if child is None:
            return
        _signal_group(child.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(child.wait(), grace)
        except TimeoutError:
            self._journal.event(self.process.name, "killed", level="warning", grace_s=grace)
            self.kill()
            await child.wait()

    def kill(self) -> None:
        """End the process and all it started, now."""
        self._stopping.set()
        if self._child is not None:
            _signal_group(self._child.pid, signal.SIGKILL)

    async def _run_once(self) -> str:
        path = self._layout.log / f"{self.process.name}.log"
        # Forgotten before there is anything to read: under load, a process may have said where it
        # answers before the task that looks there begins.
        self.health_port = self.process.port
        with path.open("ab", buffering=0) as log:
            child = self._child = await _start(self.process)
            ownership.record(self._layout.run, self.process.name, child.pid)
            if self._stopping.is_set():  # asked while it was being started
                self.kill()
            reading = asyncio.create_task(self._read(child, log))
            probing = asyncio.create_task(self._probe())
            try:
                code = await child.wait()
                # Whatever it started has no purpose without it.
                _signal_group(child.pid, signal.SIGKILL)
                await asyncio.wait([reading], timeout=_DRAIN_OUTPUT)
            finally:
                for task in (reading, probing):
                    task.cancel()
                await asyncio.gather(reading, probing, return_exceptions=True)
                ownership.forget(self._layout.run, self.process.name)
                self._child = None
                self.ready.clear()
        if not self._stopping.is_set():
            self.lost.set()
        return f"exit status {code}" if code >= 0 else f"signal {-code}"

    async def _read(self, child: asyncio.subprocess.Process, log: BinaryIO) -> None:
        if child.stdout is None:  # it is a pipe: see _start
            return
        async for line in _lines(child.stdout):
            parsed = parse(line)
            record = parsed or wrapped(self.process.service, line)
            log.write((line if parsed else json.dumps(record)).encode() + b"\n")
            self._last_lines.append(line)
            self._journal.heard(self.process.name, record)
            port = record.get("health_port")
            if record.get("event") == "ready" and isinstance(port, int):
                self.health_port = port

    async def _probe(self) -> None:
        while not await self._is_well():  # noqa: ASYNC110 - another process has no Event
            await asyncio.sleep(_PROBE_EVERY)
        self._backoff.ready()
        self.ready.set()

    async def _is_well(self) -> bool:
        port = self.health_port
        return port is not None and await is_well(port, self.process.health_path)

    async def _pause(self, how: str) -> None:
        pause = self._backoff.pause()
        self._journal.event(
            self.process.name, "died, starting again", level="warning", how=how, pause_s=pause
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)

    def _why(self, how: str) -> str:
        lines = [f"{self.process.name} does not start ({how}). Its last lines:"]
        return "\n  ".join([*lines, *self._last_lines])


async def _start(process: Process) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *process.argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=process.environment,
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=_end_with_parent(),
    )


def _end_with_parent() -> Callable[[], None] | None:
    """What makes a child end when the supervisor is killed outright; only Linux has it.

    The signal comes when the *thread* that started the child ends, so only the main thread may.
    """
    if sys.platform != "linux":
        return None
    # Loaded before the fork: after it, only the call itself is safe.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _signal_group(pid: int, signum: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signum)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    rest = b""
    while chunk := await stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            whole, rest = [*whole, rest], b""
        for line in whole:
            if line.strip():
                yield line.decode(errors="replace").rstrip()
    if rest.strip():
        yield rest.decode(errors="replace").rstrip()
