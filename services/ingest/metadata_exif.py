"""The one thing kept from EXIF: which way up the picture is shown."""

import struct

UPRIGHT = 1
_ORIENTATION = 0x0112
_SHORT = 3
_PREFIX = b"Exif\0\0"


def orientation_in(exif: bytes) -> int:
    """The orientation (1 to 8) in an EXIF block, with or without its prefix; 1 if there is none.

    Only what EXIF 2.32 allows is read, one SHORT in the first directory, as browsers do.
    """
    tiff = exif.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, directory)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(
                order + "HHIH", tiff, directory + 2 + 12 * entry
            )
            if (tag, kind, count) == (_ORIENTATION, _SHORT, 1):
                return value if 1 <= value <= 8 else UPRIGHT
    except struct.error:
        return UPRIGHT
    return UPRIGHT


def orientation_only(orientation: int) -> bytes:
    """A complete EXIF block, without the prefix, that holds the orientation and nothing else."""
    header = b"MM\0*" + struct.pack(">I", 8)
    entry = struct.pack(">HHIHxx", _ORIENTATION, _SHORT, 1, orientation)
    return header + struct.pack(">H", 1) + entry + struct.pack(">I", 0)
