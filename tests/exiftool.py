"""exiftool, the reader that captions in a file must be legible to; one process for many files."""

import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

PROGRAM = shutil.which("exiftool")
needs_exiftool = pytest.mark.skipif(PROGRAM is None, reason="exiftool is not installed")


@dataclass(frozen=True)
class Exiftool:
    """A running exiftool, and a folder for what it is to read."""

    process: "subprocess.Popen[bytes]"
    folder: Path

    def tags(self, file: bytes) -> dict[str, Any]:
        """XMP and warnings by group and name, as in ``XMP-dc:Description``; all values are text."""
        found = self._run(file, "-j", "-G1", "-XMP:all", "-Warning", "-Error", "-a")
        [tags] = json.loads(found, parse_int=str, parse_float=str, parse_constant=str)
        return dict(tags)

    def text(self, file: bytes, tag: str) -> str:
        """The value of one tag, as it is."""
        return self._run(file, "-b", f"-{tag}").decode()

    def validate(self, file: bytes) -> str:
        """What exiftool thinks of the file's structure: ``OK`` if all is well."""
        [tags] = json.loads(self._run(file, "-j", "-validate"))
        return str(tags["Validate"])

    def _run(self, file: bytes, *arguments: str) -> bytes:
        path = self.folder / "photo"
        path.write_bytes(file)
        number = secrets.randbelow(10**9)
        lines = [*arguments, "-charset", "utf8", str(path), f"-execute{number}", ""]
        stdin, stdout = _pipe(self.process.stdin), _pipe(self.process.stdout)
        stdin.write("\n".join(lines).encode())
        stdin.flush()
        end = f"{{ready{number}}}\n".encode()
        answer = b""
        while not answer.endswith(end):
            line = stdout.readline()
            assert line, "exiftool ended"
            answer += line
        return answer.removesuffix(end)


@contextmanager
def running_exiftool(folder: Path) -> Iterator[Exiftool]:
    """An exiftool for as long as the block runs."""
    command = [PROGRAM or "exiftool", "-stay_open", "True", "-@", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield Exiftool(process, folder)
        finally:
            _pipe(process.stdin).write(b"-stay_open\nFalse\n")
            _pipe(process.stdin).flush()
            process.wait(10)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
