"""One line on a terminal that says how far it is; nothing where nobody watches."""

from typing import TextIO

_WIDTH = 30


class Progress:
    """A bar on ``stream`` for ``total`` files. It is wiped when it closes."""

    def __init__(self, stream: TextIO, total: int) -> None:
        self._stream = stream if stream.isatty() else None
        self._total = total
        self._shown = 0

    def show(self, done: int, what: str) -> None:
        """``done`` of the total, in words ``what`` was done to them."""
        filled = _WIDTH * done // max(self._total, 1)
        bar = "#" * filled + "." * (_WIDTH - filled)
        self._write(f"[{bar}] {done} of {self._total} {what}")

    def close(self) -> None:
        """Take the line away."""
        self._write("")
        if self._stream is not None:
            self._stream.write("\r")
            self._stream.flush()

    def _write(self, line: str) -> None:
        if self._stream is None:
            return
        self._stream.write("\r" + line.ljust(self._shown))
        self._stream.flush()
        self._shown = len(line)
