"""A PNG without its metadata: the chunks that make the picture, untouched, up to IEND."""

import struct
import zlib
from collections.abc import Iterator

from services.ingest.metadata_exif import UPRIGHT, orientation_in, orientation_only

_SIGNATURE_BYTES = 8
# Pixels, palette, transparency, colour, density, and the frames of an animation.
_PICTURE = frozenset(
    b"IHDR PLTE IDAT tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs cICP mDCV cLLI acTL fcTL fdAT".split()
)
_MAX_CHUNKS = 50_000  # 10 MiB in the smallest chunks that encoders write (256 bytes)


def strip(data: bytes) -> bytes:
    """The picture's chunks, with an orientation-only eXIf where it isn't upright.

    Raises ValueError or struct.error for a file whose chunks don't reach IEND.
    """
    view = memoryview(data)
    kept: list[bytes | memoryview] = []
    orientation = UPRIGHT
    for kind, start, end in _chunks(data):
        if kind in _PICTURE:
            kept.append(view[start:end])
        elif kind == b"eXIf":
            orientation = orientation_in(data[start + 8 : end - 4])
    kept.append(_chunk(b"IEND", b""))
    # Straight after IHDR, which strict readers want first.
    kept[1:1] = _exif(orientation)
    return b"".join([view[:_SIGNATURE_BYTES], *kept])


def exif_of(data: bytes) -> bytes:
    """The EXIF block, without the prefix; empty if there is none. Raises like `strip`."""
    blocks = (data[start + 8 : end - 4] for kind, start, end in _chunks(data) if kind == b"eXIf")
    return next(blocks, b"")


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as stored. Raises ValueError or struct.error."""
    kind, width, height = struct.unpack_from(">4sII", data, 12)
    if kind != b"IHDR":
        raise ValueError("the first chunk is not IHDR")
    return width, height


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk before IEND, its length and checksum included."""
    position = _SIGNATURE_BYTES
    for _ in range(_MAX_CHUNKS):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise ValueError("a chunk is cut off")
        if kind == b"IEND":
            return
        yield kind, position, end
        position = end
    raise ValueError("more chunks than a picture has")


def _exif(orientation: int) -> list[bytes]:
    return [] if orientation == UPRIGHT else [_chunk(b"eXIf", orientation_only(orientation))]


def _chunk(kind: bytes, payload: bytes) -> bytes:
    check = zlib.crc32(kind + payload)
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", check)
