"""A WebP without its metadata: the picture's RIFF chunks, with flags and size made true again."""

import struct
from collections.abc import Iterator

from services.ingest.metadata_exif import UPRIGHT, orientation_in, orientation_only

_HEADER_BYTES = 12
_PICTURE = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04
_MAX_CHUNKS = 10_000


def strip(data: bytes) -> bytes:
    """The picture's chunks, with an orientation-only EXIF where it isn't upright.

    A plain file (no VP8X) can't announce EXIF, so readers don't look for it and neither does this.
    Raises ValueError or struct.error for a file shorter than it says.
    """
    view = memoryview(data)
    kept: list[bytes | bytearray | memoryview] = []
    orientation = UPRIGHT
    extended: bytearray | None = None
    for kind, start, end in _chunks(data):
        if kind == b"VP8X" and extended is None:
            extended = bytearray(view[start - 8 : end])
            kept.append(extended)
        elif kind in _PICTURE:
            kept.append(view[start - 8 : end])
            if (end - start) % 2:
                kept.append(b"\0")
        elif kind == b"EXIF" and extended is not None:
            orientation = orientation_in(data[start:end])
    if extended is not None:
        extended[8] &= ~(_EXIF_FLAG | _XMP_FLAG)
        if orientation != UPRIGHT:
            extended[8] |= _EXIF_FLAG
            exif = orientation_only(orientation)
            kept.append(b"EXIF" + struct.pack("<I", len(exif)) + exif)
    body = b"".join([b"WEBP", *kept])
    return b"RIFF" + struct.pack("<I", len(body)) + body


def exif_of(data: bytes) -> bytes:
    """The EXIF block; empty if there is none. Raises like `strip`."""
    blocks = (data[start:end] for kind, start, end in _chunks(data) if kind == b"EXIF")
    return next(blocks, b"")


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of the canvas, by the first chunk (RFC 9649, section 2).

    Read here because Pillow's decoder allocates the canvas as soon as it opens the file.
    """
    kind, start, end = next(_chunks(data))
    if kind == b"VP8X":
        width, height = data[start + 4 : start + 7], data[start + 7 : start + 10]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[start + 1 : start + 5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and end - start >= 10:
        packed_width, packed_height = struct.unpack_from("<HH", data, start + 6)
        return packed_width & 0x3FFF, packed_height & 0x3FFF
    raise ValueError("the first chunk is not a picture")


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk's payload, up to the size that RIFF states."""
    (size,) = struct.unpack_from("<I", data, 4)
    stop = 8 + size
    if stop > len(data):
        raise ValueError("the file is cut off")
    position = _HEADER_BYTES
    for _ in range(_MAX_CHUNKS):
        if position + 8 > stop:
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        start, end = position + 8, position + 8 + length
        if end > stop:
            raise ValueError("a chunk is cut off")
        yield kind, start, end
        position = end + length % 2
    raise ValueError("more chunks than a picture has")
