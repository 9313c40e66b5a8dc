"""A file on its way from the gateway, read in pieces so that it is never in memory as a whole."""

from collections.abc import Iterator
from email.message import Message
from typing import BinaryIO

import requests

from clients.problems import Unreachable

_CHUNK = 64 * 1024  # bytes


class Transfer:
    """An answer whose body is still to be read: take ``pieces`` or ``save`` it, then ``close``.

    ``name`` is the file's name as the gateway has it, ``size`` its length in bytes where the
    gateway knows it beforehand.
    """

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.name = _name_of(response)
        self.content_type = response.headers.get("Content-Type", "application/octet-stream")
        self.size = _size_of(response)

    def pieces(self) -> Iterator[bytes]:
        """The body, once. Raises ``Unreachable`` if it breaks off: what came is then no whole."""
        try:
            yield from self._response.iter_content(_CHUNK)
        except requests.RequestException as error:
            raise Unreachable(type(error).__name__) from error

    def save(self, file: BinaryIO) -> None:
        """Write the whole body to ``file`` and close; otherwise as ``pieces``."""
        with self._response:
            file.writelines(self.pieces())

    def close(self) -> None:
        """Hang up on the gateway if it is still sending."""
        self._response.close()


def _name_of(response: requests.Response) -> str:
    message = Message()
    message["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    return message.get_filename() or ""


def _size_of(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    # Of a body that was packed for the way, the length is not the file's.
    if "Content-Encoding" in response.headers or not length.isdecimal():
        return None
    return int(length)
