"""Look at a file before it is sent, so that a mistake costs nobody an upload.

The gateway decides; this only spares the wait, so it lets through whatever might be a photo.
"""

from dataclasses import dataclass

# The gateway's limit (api.md): 10 MiB of image bytes.
MAX_BYTES = 10 * 1024 * 1024
# One list call reads a whole batch: the gateway's pages hold at most 100.
MAX_FILES = 100

ACCEPTED = "JPEG, PNG, WebP, GIF, HEIC, AVIF or TIFF"

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
# ISO base media brands: https://github.com/nokiatech/heif and the AVIF specification, section 6.
_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"avif": "image/avif",
    b"avis": "image/avif",
}


@dataclass(frozen=True)
class Fault:
    """Why a file is not sent, in a sentence that says what to do instead."""

    sentence: str


def content_type_of(data: bytes) -> str | None:
    """The image type by its first bytes, or None if it is none of the accepted ones."""
    for magic, content_type in _MAGIC:
        if data.startswith(magic):
            return content_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12])
    return None


def fault_of(data: bytes) -> Fault | None:
    """What keeps this file from being sent, if anything."""
    if not data:
        return Fault("This file is empty. Choose the photo again from where it is stored.")
    if content_type_of(data) is None:
        return Fault(f"This is not a photo we can read. Save it as {ACCEPTED} and add it again.")
    if len(data) > MAX_BYTES:
        size = megabytes(len(data))
        return Fault(
            f"This photo has {size}, the limit is 10 MB. "
            "Save a smaller copy (a medium size is plenty for captions) and add that one."
        )
    return None


def megabytes(size: int) -> str:
    """A size as people read it: ``"482 KB"``, ``"11.2 MB"``."""
    kilobytes = size / 1024
    return f"{kilobytes:.0f} KB" if kilobytes < 1000 else f"{kilobytes / 1024:.1f} MB"
