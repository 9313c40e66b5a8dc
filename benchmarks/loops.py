"""Worker loops as child processes on one SQS stub, asked in turn to empty their queues."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

from benchmarks.machine import ROOT, NotPrepared
from benchmarks.stack import cpu_s

_PEERS_PYTHON = ROOT / ".venv-bench/bin/python"
_STUB = "benchmarks.stub.held"
_PATIENCE_S = 60
_AWS = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(frozen=True)
class Emptied:
    """How one loop emptied its queue: all its messages handled, and deleted."""

    count: int
    seconds: float  # from the first message's release
    cpu_s: float  # of the loop's process
    latencies: Sequence[float]  # seconds from a message's release to its handler


class Loop:
    """A running worker loop, and the queue that it consumes."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", stub_url: str) -> None:
        self._name = name
        self._process = process
        self._stub_url = stub_url
        self.versions: Mapping[str, str] = self._answer()

    def empty(self, count: int, *, a_second: float | None = None) -> Emptied:
        """Release ``count`` messages, at once or at a pace, and wait until they are settled."""
        pace = f"&a_second={a_second}" if a_second else ""
        request = Request(  # noqa: S310  our own loopback
            f"{self._stub_url}/release?queue={self._name}&count={count}{pace}", method="POST"
        )
        before = cpu_s(self._process.pid)
        with urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310
            told = json.load(answer)
        used = cpu_s(self._process.pid) - before
        released: list[float] = told["released"]
        handled: dict[int, float] = dict(self._handled(count))
        return Emptied(
            count,
            max(told["emptied"], *handled.values()) - released[0],
            used,
            [handled[number] - at for number, at in enumerate(released)],
        )

    def _handled(self, count: int) -> list[tuple[int, float]]:
        """All ``count``: one that is deleted before it is handled may still be on its way."""
        assert self._process.stdin is not None  # noqa: S101  opened with a pipe
        handled: list[tuple[int, float]] = []
        while len(handled) < count:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            handled += self._answer()
        return handled

    def _answer(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101  opened with a pipe
        line = self._process.stdout.readline()
        if not line:
            raise ChildProcessError(f"{self._name} ended: its error is above")
        return json.loads(line)


@contextmanager
def running_loops(
    modules: Mapping[str, str], *, count: int, **variables: str
) -> Iterator[dict[str, Loop]]:
    """The loops by name, each with ``count`` messages of its own to be released.

    The stub has the first core, all loops the last. A module whose name begins with "project" is
    run in our environment, any other in the peers'. Raises ``NotPrepared`` if that is missing.
    """
    if not _PEERS_PYTHON.exists():
        raise NotPrepared("there is no .venv-bench: make bench makes it")
    environment = {**os.environ, **_AWS, **variables}
    with ExitStack() as children:
        stub = _child(children, [sys.executable, "-m", _STUB, *modules], environment, core=0)
        assert stub.stdout is not None  # noqa: S101  opened with a pipe
        url = f"http://127.0.0.1:{int(stub.stdout.readline())}"
        started = {}
        for name, module in modules.items():
            python = sys.executable if name.startswith("project") else str(_PEERS_PYTHON)
            command = [python, "-m", module, url, name, str(count)]
            started[name] = _child(children, command, environment, core=-1)
        yield {name: Loop(name, child, url) for name, child in started.items()}


def _child(
    children: ExitStack, command: Sequence[str], environment: Mapping[str, str], *, core: int
) -> "subprocess.Popen[str]":
    child = children.enter_context(
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
    )
    children.callback(child.kill)
    # Before it has threads: later ones inherit it.
    with suppress(AttributeError, OSError):
        os.sched_setaffinity(child.pid, {sorted(os.sched_getaffinity(0))[core]})
    return child
