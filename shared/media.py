"""Which picture formats the system takes, told from their first bytes and nothing else.

A file's name and the type its sender claims are never consulted.
"""

from enum import Enum

# Enough for the longest signature and for a dozen compatible brands of an ISO-BMFF file.
HEAD_BYTES = 64

HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
HEIF_BRANDS = frozenset({b"mif1", b"msf1"})


class MediaType(Enum):
    """An accepted format: its content type and the extension its objects carry."""

    JPEG = ("image/jpeg", "jpg")
    PNG = ("image/png", "png")
    WEBP = ("image/webp", "webp")
    GIF = ("image/gif", "gif")
    HEIC = ("image/heic", "heic")
    HEIF = ("image/heif", "heif")
    AVIF = ("image/avif", "avif")
    TIFF = ("image/tiff", "tiff")

    def __init__(self, content_type: str, extension: str) -> None:
        self.content_type = content_type
        self.extension = extension


def media_type_of(head: bytes) -> MediaType | None:
    """The format of a file that starts with ``head`` (``HEAD_BYTES`` suffice), or None."""
    for signature, media_type in SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if head[4:8] == b"ftyp":
        return _media_type_of_brands(head[:HEAD_BYTES])
    return None


# BigTIFF (version 43) is read by Pillow too, but no camera and no editor sends it to a web page.
SIGNATURES = (
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"GIF87a", MediaType.GIF),
    (b"GIF89a", MediaType.GIF),
    (b"II*\0", MediaType.TIFF),
    (b"MM\0*", MediaType.TIFF),
)


def _media_type_of_brands(head: bytes) -> MediaType | None:
    """By the major brand, or for one that only names the container (mif1) the compatible ones."""
    size = min(int.from_bytes(head[:4]), len(head))
    major = head[8:12]
    compatible = {head[at : at + 4] for at in range(16, size - 3, 4)}
    if major in AVIF_BRANDS:
        return MediaType.AVIF
    if major in HEIC_BRANDS:
        return MediaType.HEIC
    if compatible & AVIF_BRANDS:
        return MediaType.AVIF
    if compatible & HEIC_BRANDS:
        return MediaType.HEIC
    if major in HEIF_BRANDS or compatible & HEIF_BRANDS:
        return MediaType.HEIF
    return None
