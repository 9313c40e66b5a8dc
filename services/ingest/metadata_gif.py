"""A GIF without its comments: the blocks that make the picture, untouched, up to the trailer."""

import struct

_HEADER_BYTES = 13  # signature and logical screen descriptor
_TRAILER, _EXTENSION, _IMAGE = 0x3B, 0x21, 0x2C
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")
_MAX_BLOCKS = 20_000


def strip(data: bytes) -> bytes:
    """Screen, palettes, frames, their timing and the loop count; comments and the rest are dropped.

    A missing trailer is supplied: many encoders forget it. Raises ValueError or IndexError for a
    file that ends inside a block.
    """
    view = memoryview(data)
    start = _after_palette(_HEADER_BYTES, data[10])
    kept: list[bytes | memoryview] = [view[:start]]
    for _ in range(_MAX_BLOCKS):
        if start >= len(data) or data[start] == _TRAILER:
            return b"".join([*kept, bytes([_TRAILER])])
        end = _end_of_block(data, start)
        if _makes_the_picture(data, start):
            kept.append(view[start:end])
        start = end
    raise ValueError("more blocks than a picture has")


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of the screen that all frames lie on. Raises struct.error."""
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _end_of_block(data: bytes, start: int) -> int:
    if data[start] == _EXTENSION:
        position = start + 2
    elif data[start] == _IMAGE:
        position = _after_palette(start + 10, data[start + 9]) + 1
    else:
        raise ValueError("an unknown block")
    while length := data[position]:
        position += length + 1
    return position + 1


def _after_palette(position: int, flags: int) -> int:
    return position + (3 << (flags & 7) + 1 if flags & 0x80 else 0)


def _makes_the_picture(data: bytes, start: int) -> bool:
    (kind, label) = struct.unpack_from("BB", data, start)
    if kind == _IMAGE or label == _GRAPHIC_CONTROL:
        return True
    return label == _APPLICATION and data.startswith(_LOOPS, start + 2)
