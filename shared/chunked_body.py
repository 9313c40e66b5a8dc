"""The body of a large put, sent piece by piece. Given as one buffer it would be copied once more,
whole, into the socket's.
"""

from collections.abc import AsyncIterator

CHUNK = 64 * 1024  # bytes; aiohttp waits for the socket after each


class ChunkedBody:
    """Bytes in memory, in the form that botocore and aiohttp stream.

    botocore measures it, reads it to sign it and seeks to repeat it; aiohttp iterates over it.
    """

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._view = memoryview(data)
        self._position = 0

    def __len__(self) -> int:
        return len(self._view)

    def read(self, size: int = -1) -> memoryview:
        """The next ``size`` bytes, all that are left if negative; none at the end."""
        end = len(self._view) if size < 0 else self._position + size
        piece = self._view[self._position : end]
        self._position += len(piece)
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to ``offset`` from the start (0), from here (1) or from the end (2)."""
        self._position = (0, self._position, len(self._view))[whence] + offset
        return self._position

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    async def __aiter__(self) -> AsyncIterator[memoryview]:
        # From the start, whatever was read: each iteration is a request of its own.
        for at in range(0, len(self._view), CHUNK):
            yield self._view[at : at + CHUNK]
