"""EXIF: the one thing of it that is kept in a file, the way up, and texts for those who ask."""

import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

UPRIGHT = 1
_ORIENTATION = 0x0112
_EXIF_DIRECTORY = 0x8769
_ASCII, _SHORT, _LONG, _UTF8 = 2, 3, 4, 129
_PREFIX = b"Exif\0\0"
_TEXT_MAX = 256  # bytes; longer ones are cut


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    at: int  # of its four bytes of value or position


def orientation_in(exif: bytes) -> int:
    """The orientation (1 to 8) in an EXIF block, with or without its prefix; 1 if there is none.

    Only what EXIF 2.32 allows is read, one SHORT in the first directory, as browsers do.
    """
    tiff = exif.removeprefix(_PREFIX)
    order = _order_of(tiff)
    if order is None:
        return UPRIGHT
    try:
        for entry in _entries(tiff, order, 4):
            if (entry.tag, entry.kind, entry.count) == (_ORIENTATION, _SHORT, 1):
                (value,) = struct.unpack_from(order + "H", tiff, entry.at)
                return value if 1 <= value <= 8 else UPRIGHT
    except struct.error:
        return UPRIGHT
    return UPRIGHT


def texts_in(exif: bytes, tags: Collection[int]) -> dict[int, bytes]:
    """The texts of ``tags``, up to their first NUL, in the first directory and in the EXIF one.

    No other directory is looked into; the place has one of its own.
    """
    tiff = exif.removeprefix(_PREFIX)
    order = _order_of(tiff)
    if order is None:
        return {}
    texts: dict[int, bytes] = {}
    # What comes before any damage counts.
    with suppress(struct.error):
        for entry in _camera_entries(tiff, order):
            if entry.tag in tags:
                texts.setdefault(entry.tag, _text(tiff, order, entry))
    return texts


def orientation_only(orientation: int) -> bytes:
    """A complete EXIF block, without the prefix, that holds the orientation and nothing else."""
    header = b"MM\0*" + struct.pack(">I", 8)
    entry = struct.pack(">HHIHxx", _ORIENTATION, _SHORT, 1, orientation)
    return header + struct.pack(">H", 1) + entry + struct.pack(">I", 0)


def _order_of(tiff: bytes) -> str | None:
    return {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])


def _entries(tiff: bytes, order: str, pointer: int) -> Iterator[_Entry]:
    """The entries of the directory whose position is at ``pointer``."""
    (directory,) = struct.unpack_from(order + "I", tiff, pointer)
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(order + "HHI", tiff, at)
        yield _Entry(tag, kind, values, at + 8)


def _camera_entries(tiff: bytes, order: str) -> Iterator[_Entry]:
    details: int | None = None
    for entry in _entries(tiff, order, 4):
        if (entry.tag, entry.kind, entry.count) == (_EXIF_DIRECTORY, _LONG, 1):
            details = entry.at
        yield entry
    if details is not None:
        yield from _entries(tiff, order, details)


def _text(tiff: bytes, order: str, entry: _Entry) -> bytes:
    if entry.kind not in {_ASCII, _UTF8}:
        return b""
    start = entry.at
    if entry.count > 4:
        (start,) = struct.unpack_from(order + "I", tiff, entry.at)
    return tiff[start : start + min(entry.count, _TEXT_MAX)].split(b"\0", 1)[0]
