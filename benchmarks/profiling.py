"""Where the CPU of a stack's services goes while 12 MP photos pass: samples of py-spy, by stage.

py-spy says what share of a service's time each stack has; how much CPU a photo takes is measured
beside it, without py-spy, which slows what it watches. It reads Python's frames only: what C code
does counts for the function that called it. Its `--native` found a third less of the
image operations: many of its stacks of C code have no Python frame above them.
"""

import asyncio
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.machine import ROOT, NotPrepared
from benchmarks.photo_load import SERVICES, cpu_of_services, distinct, through
from benchmarks.pictures import twelve_megapixel_jpegs
from benchmarks.stack import Stack, running_stack

_PY_SPY = ROOT / ".venv-bench/bin/py-spy"
_A_SECOND = 200
_AT_ONCE = 3
_WARM_UP = 6
_PLAIN = 18  # photos whose CPU is measured
_WATCHED = 36  # photos under py-spy
_ENDS_S = 60

Frames = tuple[str, ...]

# By whose function is somewhere in the stack; of several, the first in this list.
_STAGES = (
    ("image operations", ("services/ingest/renditions.py", "services/ingest/decoders.py")),
    ("hashes", ("IngestWorker._put.<locals>", "worker.py:_told_by")),
    ("upload body", ("services/gateway/bodies.py",)),
    ("model, labels", ("services/captioner/chain.py", "services/ingest/labels.py")),
    ("S3", ("shared/object_store.py",)),
    (
        "DynamoDB",
        (
            *("shared/leases.py", "shared/record_store.py", "shared/controls.py"),
            *("shared/sent_marks.py", "services/captioner/cache.py", "shared/item_store.py"),
        ),
    ),
    ("SQS", ("shared/publisher.py", "shared/settling.py", "shared/receiving.py")),
    ("answers", ("services/gateway/",)),
    ("sockets out", ("http_writer.py", "payload.py", "shared/chunked_body.py")),
    ("sockets in", ("_read_ready", "client_proto.py", "web_protocol.py:data_received")),
)
_OTHER = "rest"
# What leads to the work and does none.
_MACHINERY = re.compile(
    r"runpy\.py|asyncio/(runners|base_events|events|tasks|timeouts)\.py|threading\.py"
    r"|futures/thread\.py|shared/process\.py|__main__\.py|<module>"
)
_PYTHON = re.compile(r"(?P<name>.+) \((?P<file>.+?\.py)(:\d+)?\)")

# Where threads wait: py-spy can't tell that they do.
_IDLE = re.compile(r"EpollSelector\.select|^_worker \(|Condition\.wait|Queue\.get \(queue\.py")


@dataclass(frozen=True)
class Profile:
    """CPU ms of a photo by service, and by stack: service, stage, frames from the outermost on."""

    cpu_ms: dict[str, float]
    stacks: dict[Frames, float]


def profile() -> Profile:
    """Photos through a stack of its own. Raises ``NotPrepared`` without py-spy."""
    if not _PY_SPY.exists():
        raise NotPrepared("there is no py-spy in .venv-bench: make bench makes it")
    with TemporaryDirectory() as folder, running_stack(MODELS="standin") as stack:
        photos = [path.read_bytes() for path in twelve_megapixel_jpegs(Path(folder))]
        _send(stack, photos, _WARM_UP)
        before = cpu_of_services(stack)
        _send(stack, photos, _PLAIN)
        after = cpu_of_services(stack)
        with _watching(stack, Path(folder)) as written:
            _send(stack, photos, _WATCHED)
        cpu_ms = {name: (after[name] - before[name]) / _PLAIN * 1000 for name in SERVICES}
        stacks: dict[Frames, float] = {}
        for name, path in written.items():
            counts = counted(path.read_text().splitlines())
            for frames, count in counts.items():
                stacks[name, *frames] = count / counts.total() * cpu_ms[name]
        return Profile(cpu_ms, stacks)


def _send(stack: Stack, photos: Sequence[bytes], count: int) -> None:
    chosen = [distinct(photos[number % len(photos)]) for number in range(count)]
    asyncio.run(through(stack, chosen, at_once=_AT_ONCE))


@contextmanager
def _watching(stack: Stack, folder: Path) -> Iterator[dict[str, Path]]:
    """py-spy beside each service; at the end of the block it has written the files."""
    written = {name: folder / f"{name}.raw" for name in SERVICES}
    how = ("--subprocesses", "--function", "--format", "raw")
    command = (_PY_SPY, "record", *how, "--rate", str(_A_SECOND), "--duration", "unlimited")
    watchers = [
        subprocess.Popen(
            [*command, "--output", path, "--pid", str(stack.pids[f"{name}-1"])],
            stdout=subprocess.DEVNULL,
        )
        for name, path in written.items()
    ]
    try:
        yield written
    finally:
        for watcher in watchers:
            watcher.send_signal(signal.SIGINT)
        for watcher in watchers:
            watcher.wait(_ENDS_S)


def counted(lines: Sequence[str]) -> Counter[Frames]:
    """Samples by stage and frames, of lines as py-spy writes them: frames; then a count."""
    counts: Counter[Frames] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if not _IDLE.search(frames[-1]):
            counts[_staged(tuple(_cleaned(frames)))] += int(count)
    return counts


def _cleaned(frames: Sequence[str]) -> Iterator[str]:
    """``file:function`` of each frame that does the work."""
    for frame in frames:
        if (found := _PYTHON.fullmatch(frame)) is not None:
            label = f"{found['file']}:{found['name']}"
            if not _MACHINERY.search(label):
                yield label


def _staged(frames: Frames) -> Frames:
    """The stage, then the frames from the one that says so."""
    for stage, marks in _STAGES:
        for number, frame in enumerate(frames):
            if any(mark in frame for mark in marks):
                return (stage, *frames[number:])
    return (_OTHER, *frames)
