"""A JPEG without its metadata: a copy of the segments that make the picture, byte for byte.

What isn't known to be needed is dropped, and the copy ends at the picture's own EOI: phones append
further pictures, videos and vendor blocks there, with places and serial numbers of their own.
"""

import re
import struct

from services.ingest.metadata_exif import UPRIGHT, orientation_in, orientation_only

_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# SOF0-15 with DHT (C4) and DAC (CC) among them, DQT, DNL, DRI.
_PICTURE = frozenset({*range(0xC0, 0xD0), 0xDB, 0xDC, 0xDD}) - {0xC8}
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = frozenset({0xC0, 0xC1})
# In entropy-coded data FF is followed by 00 (a stuffed FF) or a restart marker; anything else ends
# it. One literal and one class: the regex engine then runs at memchr's speed.
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
# Progressive files have about ten scans. Each one more, however empty, walks over all the picture:
# 50 ms at 50 megapixels, in a C thread that can't be stopped.
_MAX_SCANS = 50
_MAX_SEGMENTS = 5_000
_JFIF_BYTES = 14
_ADOBE_BYTES = 12


def strip(data: bytes) -> bytes:
    """The picture with JFIF, ICC, Adobe and an orientation-only EXIF where it isn't upright.

    Raises ValueError or IndexError for a file whose segments don't add up or don't reach an EOI.
    """
    view = memoryview(data)
    kept: list[bytes | memoryview] = []
    orientation: int | None = None
    scans = 0
    position = 2
    for _ in range(_MAX_SEGMENTS):
        marker, start, end = _segment(data, position)
        position = end
        if marker == _EOI:
            # JFIF comes first where there is one, EXIF next.
            second = 1 if kept and kept[0][1] == _APP0 else 0
            kept[second:second] = _exif(orientation)
            return b"".join([b"\xff\xd8", *kept, b"\xff\xd9"])
        if marker == _SOS:
            scans += 1
            position = _end_of_scan(data, end)
            kept.append(view[start - 4 : position])
        elif marker != _APP1:
            kept.extend(_copy(view, marker, start, end))
        elif orientation is None and data.startswith(b"Exif\0\0", start):
            orientation = orientation_in(data[start:end])
        if scans > _MAX_SCANS:
            break
    raise ValueError("more segments or scans than a picture has")


def exif_of(data: bytes) -> bytes:
    """The EXIF block that viewers read; empty if there is none. Raises like `strip`."""
    position = 2
    for _ in range(_MAX_SEGMENTS):
        marker, start, position = _segment(data, position)
        if marker == _APP1 and data.startswith(b"Exif\0\0", start):
            return data[start:position]
        if marker in {_SOS, _EOI}:
            break
    return b""


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as stored, from the frame header. Raises like `strip`."""
    _, start = _frame_header(data)
    height, width = struct.unpack_from(">HH", data, start + 1)
    return width, height


def is_baseline(data: bytes) -> bool:
    """Whether one pass over the data decodes it: sequential and Huffman-coded. Raises like `strip`.

    Not so progressive files (SOF2), whose every scan walks over all of the picture.
    """
    marker, _ = _frame_header(data)
    return marker in _SEQUENTIAL


def _frame_header(data: bytes) -> tuple[int, int]:
    """Its marker and where its payload starts."""
    position = 2
    for _ in range(_MAX_SEGMENTS):
        marker, start, position = _segment(data, position)
        if marker in _FRAME_HEADERS:
            return marker, start
        if marker in {_SOS, _EOI}:
            break
    raise ValueError("no frame header")


def _copy(view: memoryview, marker: int, start: int, end: int) -> list[bytes | memoryview]:
    """What is kept of a segment other than EXIF and scans: all, its known part, or nothing."""
    head = bytes(view[start : min(end, start + _JFIF_BYTES)])
    if marker in _PICTURE or (marker == _APP2 and head.startswith(b"ICC_PROFILE\0")):
        return [view[start - 4 : end]]
    if marker == _APP0 and head.startswith(b"JFIF\0"):
        # Without the thumbnail that may follow, whose size are the last two bytes.
        return [_rebuilt(_APP0, head[: _JFIF_BYTES - 2].ljust(_JFIF_BYTES, b"\0"))]
    if marker == _APP14 and head.startswith(b"Adobe"):
        return [_rebuilt(_APP14, head[:_ADOBE_BYTES])]
    return []


def _segment(data: bytes, position: int) -> tuple[int, int, int]:
    """Marker, start and end of the next segment's payload; stray bytes before it are skipped."""
    found = _NEXT_MARKER.search(data, position)
    if found is None:
        raise ValueError("no EOI: the file is cut off")
    start = found.end()
    marker = data[start - 1]
    if marker == _SOI:
        raise ValueError("a picture inside the picture")
    if marker == _EOI or marker in _STANDALONE:
        return marker, start, start
    length = int.from_bytes(data[start : start + 2])
    if length < 2 or start + length > len(data):
        raise ValueError("a segment is cut off")
    return marker, start + 2, start + length


def _end_of_scan(data: bytes, position: int) -> int:
    found = _NEXT_MARKER.search(data, position)
    if found is None:
        raise ValueError("no EOI: the file is cut off")
    return found.start()


def _exif(orientation: int | None) -> list[bytes]:
    if orientation is None or orientation == UPRIGHT:
        return []
    return [_rebuilt(_APP1, b"Exif\0\0" + orientation_only(orientation))]


def _rebuilt(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
