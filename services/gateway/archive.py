"""A ZIP that is sent while it is made: nothing of it is kept but its directory.

Python's own writer onto a file that can't seek: it puts sizes and checksums after the data, and
ZIP64 records where a size or an offset needs them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

_READABLE = 0o100644 << 16  # a regular file, in the upper half of a ZIP's "external attributes"
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # ZIP's calendar begins here


class _Outbox:
    """What was written and not yet taken. Without ``tell``, so that ``ZipFile`` never seeks."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


class Archive:
    """A ZIP under way. What its methods write is to be fetched with ``take`` soon after."""

    def __init__(self) -> None:
        self._outbox = _Outbox()
        self._zip = ZipFile(cast("IO[bytes]", self._outbox), "w")

    @contextmanager
    def entry(
        self, name: str, *, modified: datetime, compressed: bool, size: int = 0
    ) -> Iterator[IO[bytes]]:
        """A new file in the archive. ``size`` (bytes) is needed where it may pass 2 GiB.

        If the block raises, the file is left out of the directory, and so out of the archive,
        though some of its data is already on its way.
        """
        info = ZipInfo(name, max(_EARLIEST, modified.timetuple()[:6]))
        info.compress_type = ZIP_DEFLATED if compressed else ZIP_STORED
        info.external_attr = _READABLE
        info.file_size = size
        try:
            with self._zip.open(info, "w") as file:
                yield file
        except BaseException:
            if info in self._zip.infolist():
                self._zip.infolist().remove(info)
            raise

    def take(self) -> bytes:
        """What has been written since the last time."""
        return self._outbox.take()

    def finish(self) -> bytes:
        """The rest, with the directory. Without it no reader takes the archive for whole."""
        self._zip.close()
        return self._outbox.take()
