"""XMP into a JPEG: one APP1 segment after JFIF and EXIF (ISO 16684-3, 1.1.3)."""

import struct

_SOI = b"\xff\xd8"
_SOS, _EOI, _APP0, _APP1 = 0xDA, 0xD9, 0xE0, 0xE1
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF = b"Exif\0\0"
_MAX_PAYLOAD = 0xFFFF - 2


def embed(data: bytes, packet: bytes) -> list[bytes | memoryview]:
    """``data`` with ``packet``, in pieces. Raises ValueError; see ``embedding.embed``."""
    payload = _XMP + packet
    if len(payload) > _MAX_PAYLOAD:
        raise ValueError("the packet is longer than a segment can be")
    if not data.startswith(_SOI):
        raise ValueError("not a JPEG")
    view = memoryview(data)
    first: list[bytes | memoryview] = [_SOI]
    rest: list[bytes | memoryview] = []
    position = len(_SOI)
    while True:
        marker, start, end = _segment(data, position)
        if marker in {_SOS, _EOI}:
            xmp = struct.pack(">BBH", 0xFF, _APP1, len(payload) + 2) + payload
            return [*first, xmp, *rest, view[position:]]
        segment = view[position:end]
        if marker == _APP0 or (marker == _APP1 and data.startswith(_EXIF, start)):
            (rest or first).append(segment)
        # What else is in an APP1 is XMP, with its extension or under a name that editors mangled.
        elif marker != _APP1:
            rest.append(segment)
        position = end


def _segment(data: bytes, position: int) -> tuple[int, int, int]:
    """Marker, start of the payload and end of the segment at ``position``, fill bytes included."""
    if data[position : position + 1] != b"\xff":
        raise ValueError("no marker where a segment begins")
    while data[position : position + 1] == b"\xff":
        position += 1
    if position + 1 > len(data):
        raise ValueError("the file is cut off")
    marker = data[position]
    start = position + 1
    if marker in _STANDALONE or marker == _EOI:
        return marker, start, start
    length = int.from_bytes(data[start : start + 2])
    if length < 2 or start + length > len(data):
        raise ValueError("a segment is cut off")
    return marker, start + 2, start + length
