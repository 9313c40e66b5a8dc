"""A TIFF's size, by its first directory and nothing else."""

import struct

_WIDTH, _HEIGHT = 256, 257
_SHORT, _LONG = 3, 4


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as stored (TIFF 6.0, section 2). Raises ValueError or struct.error."""
    order = "<" if data.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    (entries,) = struct.unpack_from(f"{order}H", data, directory)
    found: dict[int, int] = {}
    for position in range(directory + 2, directory + 2 + entries * 12, 12):
        tag, kind = struct.unpack_from(f"{order}HH", data, position)
        if tag in {_WIDTH, _HEIGHT} and kind in {_SHORT, _LONG}:
            layout = "H" if kind == _SHORT else "I"
            (found[tag],) = struct.unpack_from(order + layout, data, position + 8)
    if len(found) < 2:
        raise ValueError("no size in the first directory")
    return found[_WIDTH], found[_HEIGHT]
