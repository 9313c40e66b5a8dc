"""What the browser looks at before a photo is sent, so that a mistake costs nobody an upload.

The gateway decides; this only spares the wait, so it lets through whatever might be a photo. The
rules and their sentences go to the tray's script as data: nothing of them is written there.
"""

from typing import Any

from shared.media import (
    AVIF_BRANDS,
    HEAD_BYTES,
    HEIC_BRANDS,
    HEIF_BRANDS,
    SIGNATURES,
    MediaType,
)

# The gateway's limit (api.md): 10 MiB of image bytes.
MAX_BYTES = 10 * 1024 * 1024
# One list call reads a whole batch: the gateway's pages hold at most 100.
MAX_FILES = 100

ACCEPTED = "JPEG, PNG, WebP, GIF, HEIC, AVIF or TIFF"

NOT_A_PHOTO = f"This is not a photo we can read. Save it as {ACCEPTED} and add it again."
EMPTY = "This file is empty. Choose the photo again from where it is stored."
# ``{size}`` is filled in by the browser.
TOO_LARGE = (
    "This photo has {size}, the limit is 10 MB. "
    "Save a smaller copy (a medium size is plenty for captions) and add that one."
)
UNREADABLE = "Your browser could not read this file. Choose it again from where it is stored."
UNSENT = (
    "This photo could not be sent over your connection. "
    "Look whether you are online, then try again."
)

_BRANDS = (
    (MediaType.AVIF, AVIF_BRANDS),
    (MediaType.HEIC, HEIC_BRANDS),
    (MediaType.HEIF, HEIF_BRANDS),
)


def rules() -> dict[str, Any]:
    """The checks as JSON. ``signatures`` are (first bytes in hexadecimal, type) and ``brands``
    (four letters of an ISO base media file, type), as ``shared.media`` has them.
    """
    types = [media_type.content_type for media_type in MediaType]
    extensions = [f".{media_type.extension}" for media_type in MediaType]
    return {
        "head_bytes": HEAD_BYTES,
        "signatures": [[magic.hex(), kind.content_type] for magic, kind in SIGNATURES],
        "webp": MediaType.WEBP.content_type,
        "brands": {
            brand.decode(): kind.content_type
            for kind, brands in _BRANDS
            for brand in sorted(brands)
        },
        # The extensions too: browsers know no type for HEIC files on most machines.
        "accept": ",".join([*types, *extensions, ".jpeg", ".tif"]),
        "accepted": ACCEPTED,
        "max_bytes": MAX_BYTES,
        "max_files": MAX_FILES,
        "sentences": {
            "not_a_photo": NOT_A_PHOTO,
            "empty": EMPTY,
            "too_large": TOO_LARGE,
            "unreadable": UNREADABLE,
            "unsent": UNSENT,
            "too_many": f"Only the first {MAX_FILES} photos were taken. Add the others once more.",
        },
    }


def megabytes(size: int) -> str:
    """A size as people read it: ``"482 KB"``, ``"11.2 MB"``."""
    kilobytes = size / 1024
    return f"{kilobytes:.0f} KB" if kilobytes < 1000 else f"{kilobytes / 1024:.1f} MB"
