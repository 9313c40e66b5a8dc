"""XMP into a PNG: an iTXt chunk before the image data (ISO 16684-3, 1.1.5; PNG, 11.3.3.4)."""

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"XML:com.adobe.xmp\0"
# ImageMagick's older way, in any of the textual chunks.
_OTHER_KEYWORD = b"Raw profile type xmp\0"
_TEXTUAL = frozenset({b"iTXt", b"zTXt", b"tEXt"})
# Not compressed, no language, no translated keyword.
_PLAIN = b"\0\0\0\0"
_MAX_CHUNKS = 100_000


def embed(data: bytes, packet: bytes) -> list[bytes | memoryview]:
    """``data`` with ``packet``, in pieces. Raises ValueError; see ``embedding.embed``."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("not a PNG")
    view = memoryview(data)
    pieces: list[bytes | memoryview] = [_SIGNATURE]
    written = False
    position = len(_SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if position + 12 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            break
        if kind == b"IDAT" and not written:
            pieces.append(_chunk(b"iTXt", _KEYWORD + _PLAIN + packet))
            written = True
        if not (kind in _TEXTUAL and data.startswith((_KEYWORD, _OTHER_KEYWORD), position + 8)):
            pieces.append(view[position:end])
        if kind == b"IEND" and written:
            return pieces
        position = end
    raise ValueError("the chunks don't make a picture")


def _chunk(kind: bytes, payload: bytes) -> bytes:
    check = zlib.crc32(kind + payload)
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", check)
