"""A HEIC, HEIF or AVIF without its metadata: blanked where it stands, so that no offset moves.

Such a file is boxes within boxes (ISO/IEC 14496-12) whose item table (23008-12) points at absolute
positions. So metadata is overwritten: EXIF and XMP by empty ones, the rest by zeros; unknown boxes
become ``free``. Which way up the picture is shown is a property of the item, not EXIF, and stays.
Pictures within (thumbnail, depth, gain map) stay too: they are parts of this one.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_TOP_LEVEL = frozenset({b"ftyp", b"meta", b"mdat", b"moov", b"imda"})
_ITEM_TABLES = frozenset(b"hdlr pitm iinf iloc iprp iref idat dinf grpl".split())
_PICTURE_ITEMS = frozenset(
    b"hvc1 hev1 lhv1 hvt1 av01 avc1 vvc1 jpeg j2k1 unci mski grid iovl iden tmap".split()
)
# User description, times of creation and change, alternative text, timestamps, vendor boxes.
_TELLING_PROPERTIES = frozenset({b"udes", b"crtt", b"mdft", b"altt", b"itai", b"uuid"})
_TRACK_CONTAINERS = frozenset({b"moov", b"trak", b"mdia"})
_TRACK_METADATA = frozenset({b"udta", b"meta", b"uuid"})
_TRACK_HEADERS = frozenset({b"mvhd", b"tkhd", b"mdhd"})
_MAX_BOXES = 10_000
# A tile of a 50-megapixel grid is an item of one extent. Entries may take no bytes at all, so that
# a small table can state billions of them.
_MAX_EXTENTS = 10_000
# A header offset of 0, then a TIFF with a directory of no entries: an empty file would not parse.
_EMPTY_EXIF = b"\0\0\0\0" + b"MM\0*" + struct.pack(">IHI", 8, 0, 0)
_EMPTY_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int  # of the header
    payload: int
    end: int


def strip(data: bytes) -> bytes:
    """The file with every item that isn't a picture blanked, and what trails the last box cut off.

    Raises ValueError, IndexError or struct.error for boxes that don't add up.
    """
    out = bytearray(data)
    last = 0
    for box in _boxes(data, 0, len(data)):
        if box.kind in _TOP_LEVEL:
            last = box.end
        else:
            _free(out, box)
        if box.kind == b"meta":
            _blank_items(data, out, box)
        elif box.kind == b"moov":
            _blank_track(data, out, box)
    del out[last:]
    return bytes(out)


def exif_of(data: bytes) -> bytes:
    """The EXIF block (23008-12, A.2.1), or nothing. Raises like `strip`, and KeyError."""
    for meta in _boxes(data, 0, len(data)):
        if meta.kind == b"meta":
            children = {box.kind: box for box in _boxes(data, meta.payload + 4, meta.end)}
            kinds = _item_kinds(data, children[b"iinf"])
            for item, extents in _item_extents(data, children):
                if kinds.get(item) == b"Exif" and extents:
                    # More than one would be a file made to be read.
                    start, end = extents[0]
                    (skipped,) = struct.unpack_from(">I", data, start)
                    return data[start + 4 + skipped : end]
    return b""


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of the largest picture that the file states (23008-12, `ispe`).

    What its bitstream holds may be another matter. 0 by 0 if it states none, which a sequence
    need not. Raises like `strip`.
    """
    sizes = [
        struct.unpack_from(">II", data, prop.payload + 4)
        for meta in _boxes(data, 0, len(data))
        if meta.kind == b"meta"
        for iprp in _boxes(data, meta.payload + 4, meta.end)
        if iprp.kind == b"iprp"
        for ipco in _boxes(data, iprp.payload, iprp.end)
        for prop in _boxes(data, ipco.payload, ipco.end)
        if ipco.kind == b"ipco" and prop.kind == b"ispe"
    ]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return width, height


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        payload = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, payload)
            payload += 8
        elif size == 0:
            size = end - start
        if start + size > end or start + size < payload:
            raise ValueError("a box is cut off")
        yield _Box(kind, start, payload, start + size)
        start += size
    raise ValueError("more boxes than a picture has")


def _free(out: bytearray, box: _Box) -> None:
    out[box.start + 4 : box.start + 8] = b"free"
    out[box.payload : box.end] = bytes(box.end - box.payload)


def _blank_items(data: bytes, out: bytearray, meta: _Box) -> None:
    children = {box.kind: box for box in _boxes(data, meta.payload + 4, meta.end)}
    kinds = _item_kinds(data, children[b"iinf"]) if b"iinf" in children else {}
    if b"iloc" in children:
        blanked = 0
        for item, extents in _item_extents(data, children):
            if kinds.get(item) not in _PICTURE_ITEMS:
                blanked += sum(end - start for start, end in extents)
                if blanked > len(data):
                    raise ValueError("items lie on top of one another")
                _blank(out, extents, kinds.get(item))
    for child in _boxes(data, meta.payload + 4, meta.end):
        if child.kind not in _ITEM_TABLES:
            _free(out, child)
        elif child.kind == b"iprp":
            _blank_properties(data, out, child)


def _blank_properties(data: bytes, out: bytearray, iprp: _Box) -> None:
    """A freed property keeps its place: items refer to properties by their number."""
    for container in _boxes(data, iprp.payload, iprp.end):
        if container.kind == b"ipco":
            for prop in _boxes(data, container.payload, container.end):
                if prop.kind in _TELLING_PROPERTIES:
                    _free(out, prop)


def _item_kinds(data: bytes, iinf: _Box) -> dict[int, bytes]:
    """Item id to item type; an `infe` before version 2 only ever describes MIME data."""
    first = iinf.payload + (6 if data[iinf.payload] == 0 else 8)
    kinds = {}
    for entry in _boxes(data, first, iinf.end):
        version = data[entry.payload]
        if version >= 2:
            layout = ">H2x4s" if version == 2 else ">I2x4s"
            item, kind = struct.unpack_from(layout, data, entry.payload + 4)
            kinds[item] = kind
    return kinds


class _Reader:
    """Big-endian integers of the widths that an `iloc` states for itself."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def integer(self, width: int) -> int:
        start = self._position
        self._position += width
        if self._position > len(self._data):
            raise ValueError("the item table is cut off")
        return int.from_bytes(self._data[start : self._position])


def _item_extents(
    data: bytes, children: dict[bytes, _Box]
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Item id and its (start, end) positions in the file (23008-12, `ItemLocationBox`)."""
    reader = _Reader(data, children[b"iloc"].payload)
    version = reader.integer(4) >> 24
    sizes = reader.integer(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    left = _MAX_EXTENTS
    for _ in range(reader.integer(2 if version < 2 else 4)):
        item = reader.integer(2 if version < 2 else 4)
        method = reader.integer(2) & 15 if version else 0
        reader.integer(2)  # data reference: this file
        base = reader.integer(base_size)
        source = _source(data, children, method)
        extents = []
        count = reader.integer(2)
        left -= count
        if left < 0:
            raise ValueError("more items than a picture has")
        for _ in range(count):
            reader.integer(index_size)
            start = source[0] + base + reader.integer(offset_size)
            length = reader.integer(length_size)
            end = start + length if length else source[1]
            if end > source[1]:
                raise ValueError("an item lies outside the file")
            extents.append((start, end))
        yield item, extents


def _source(data: bytes, children: dict[bytes, _Box], method: int) -> tuple[int, int]:
    """Where an item's offsets count from: the file (0) or the `idat` box (1)."""
    if method == 0:
        return 0, len(data)
    if method == 1 and b"idat" in children:
        return children[b"idat"].payload, children[b"idat"].end
    # Built from other items: it holds no bytes of its own.
    return 0, len(data)


def _blank(out: bytearray, extents: list[tuple[int, int]], kind: bytes | None) -> None:
    padding = b" " if kind == b"mime" else b"\0"
    for start, end in extents:
        out[start:end] = padding * (end - start)
    empty = {b"Exif": _EMPTY_EXIF, b"mime": _EMPTY_XMP}.get(kind or b"", b"")
    if extents and extents[0][1] - extents[0][0] >= len(empty):
        out[extents[0][0] : extents[0][0] + len(empty)] = empty


def _blank_track(data: bytes, out: bytearray, container: _Box) -> None:
    """An image sequence: no user data, no metadata, no times of creation."""
    for box in _boxes(data, container.payload, container.end):
        if box.kind in _TRACK_METADATA:
            _free(out, box)
        elif box.kind in _TRACK_CONTAINERS:
            _blank_track(data, out, box)
        elif box.kind in _TRACK_HEADERS:
            times = 16 if data[box.payload] else 8
            out[box.payload + 4 : box.payload + 4 + times] = bytes(times)
