"""Our side of a comparison: contenders as child processes, pinned, asked in turn."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.machine import ROOT, NotPrepared
from benchmarks.node_peers import sharp_command

PROJECT = "benchmarks.contenders.project"
PYVIPS = "benchmarks.contenders.pyvips_pictures"
SHARP = "sharp"
_PEERS_PYTHON = ROOT / ".venv-bench/bin/python"


@dataclass(frozen=True)
class Sample:
    """What one operation took, and what other processes took of the machine meanwhile.

    ``added_bytes`` is the peak above what was resident before.
    """

    cpu_s: float
    wall_s: float
    others_s: float
    added_bytes: int


class Contender:
    """A running child. It has done nothing yet but its imports."""

    def __init__(self, name: str, process: "subprocess.Popen[str]") -> None:
        self._name = name
        self._process = process
        self.versions: Mapping[str, str] = self._answer()["versions"]

    def do(self, operation: str, photo: Path, *, save: Path | None = None) -> Sample:
        """Do ``operation`` once; ``save`` is the start of the names of the files it leaves."""
        request = {"operation": operation, "photo": str(photo), "save": save and str(save)}
        assert self._process.stdin is not None  # noqa: S101  opened with a pipe
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Sample(**self._answer())

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101  opened with a pipe
        line = self._process.stdout.readline()
        if not line:
            raise ChildProcessError(f"{self._name} ended: its error is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def contender(name: str, *, cores: int = 1) -> Iterator[Contender]:
    """``name`` as a process on the last ``cores`` cores, where the system allows to choose.

    Peers run in their own environments; raises ``NotPrepared`` if one is missing.
    """
    # Its own library would start threads for cores that it isn't given.
    environment = {**os.environ, "VIPS_CONCURRENCY": str(cores)}
    command = _command(name)
    with _pinned(cores):
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
    with process:
        yield Contender(name, process)


def _command(name: str) -> list[str]:
    if name == SHARP:
        return sharp_command()
    python = sys.executable if name == PROJECT else str(_PEERS_PYTHON)
    if not Path(python).exists():
        raise NotPrepared("there is no .venv-bench: make bench makes it")
    return [python, "-m", name]


@contextmanager
def _pinned(cores: int) -> Iterator[None]:
    """What is started meanwhile inherits the cores: Node has threads before it can be asked."""
    try:
        ours = os.sched_getaffinity(0)
        os.sched_setaffinity(0, sorted(ours)[-cores:])
    except (AttributeError, OSError):
        yield
        return
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


class Doing(Protocol):
    """A contender, or several as one."""

    def do(self, operation: str, photo: Path) -> Sample:
        """Do ``operation`` once."""


Turn = tuple[Doing, str]


def interleaved(
    turns: Mapping[str, Turn],
    photos: Sequence[Path],
    *,
    rounds: int,
    enough: Callable[[Mapping[str, Sequence[Sample]]], bool] = lambda _: False,
) -> dict[str, list[Sample]]:
    """Everyone does the same photo in every round, in an order that turns round each time.

    One round before goes uncounted: it pays for what is loaded at first use. ``enough`` of the
    samples so far ends it before ``rounds`` are done.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in turns}
    for number in range(-1, rounds):
        order = list(turns) if number % 2 else list(turns)[::-1]
        for name in order:
            child, operation = turns[name]
            sample = child.do(operation, photos[number % len(photos)])
            if number >= 0:
                samples[name].append(sample)
        if enough(samples):
            break
    return samples
