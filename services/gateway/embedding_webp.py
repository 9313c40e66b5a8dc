"""XMP into a WebP: a chunk at the end, announced in VP8X, which plain files are given
(RFC 9649, 2.7)."""

import struct
from collections.abc import Iterator

_HEADER_BYTES = 12
_VP8X_BYTES = 10
_ALPHA_FLAG, _XMP_FLAG = 0x10, 0x04
_MAX_CHUNKS = 10_000
_VP8_START_CODE = b"\x9d\x01\x2a"
_VP8L_SIGNATURE = 0x2F


def embed(data: bytes, packet: bytes) -> list[bytes | memoryview]:
    """``data`` with ``packet``, in pieces. Raises ValueError; see ``embedding.embed``."""
    view = memoryview(data)
    chunks = list(_chunks(data))
    if not chunks:
        raise ValueError("a WebP without chunks")
    pieces: list[bytes | memoryview] = []
    kind, start, end = chunks[0]
    if kind == b"VP8X":
        if end - start < _VP8X_BYTES:
            raise ValueError("VP8X is too short")
        extended = bytearray(view[start:end])
        extended[0] |= _XMP_FLAG
        pieces += _chunk(b"VP8X", bytes(extended))
        chunks = chunks[1:]
    else:
        pieces += _chunk(b"VP8X", _extended_header(kind, data[start : min(end, start + 10)]))
    for kind, start, end in chunks:
        if kind != b"XMP ":
            pieces += _chunk(kind, view[start:end])
    pieces += _chunk(b"XMP ", packet)
    size = len(b"WEBP") + sum(map(len, pieces))
    return [b"RIFF" + struct.pack("<I", size) + b"WEBP", *pieces]


def _extended_header(kind: bytes, payload: bytes) -> bytes:
    """VP8X for a file whose picture begins with ``payload``."""
    flags = _XMP_FLAG
    if kind == b"VP8L" and len(payload) >= 5 and payload[0] == _VP8L_SIGNATURE:
        # 14 bits of width - 1, 14 of height - 1, one that says whether alpha is used.
        bits = int.from_bytes(payload[1:5], "little")
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
        if bits >> 28 & 1:
            flags |= _ALPHA_FLAG
    elif kind == b"VP8 " and len(payload) >= 10 and payload[3:6] == _VP8_START_CODE:
        # RFC 6386, 9.1: 14 bits each, above them how to scale for display.
        packed_width, packed_height = struct.unpack_from("<HH", payload, 6)
        width, height = (packed_width & 0x3FFF) - 1, (packed_height & 0x3FFF) - 1
    else:
        raise ValueError("the first chunk is not a picture")
    if width < 0 or height < 0:
        raise ValueError("a picture without pixels")
    return bytes([flags, 0, 0, 0]) + width.to_bytes(3, "little") + height.to_bytes(3, "little")


def _chunk(kind: bytes, payload: bytes | memoryview) -> list[bytes | memoryview]:
    chunk: list[bytes | memoryview] = [kind + struct.pack("<I", len(payload)), payload]
    return [*chunk, b"\0"] if len(payload) % 2 else chunk


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk's payload, up to the size that RIFF states."""
    if len(data) < _HEADER_BYTES or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("not a WebP")
    stop = 8 + int.from_bytes(data[4:8], "little")
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
