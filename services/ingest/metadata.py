"""The original as its owner sees it, minus what it tells about them.

Pixels, colour profile and orientation stay; EXIF with its place and serial number, XMP, IPTC,
comments, embedded previews and appended data go. Nothing is decoded here, so the pixels that come
out are the pixels that went in.
"""

from services.ingest import (
    metadata_gif,
    metadata_isobmff,
    metadata_jpeg,
    metadata_png,
    metadata_webp,
)
from shared.media import MediaType


def strip(data: bytes, media_type: MediaType) -> bytes:
    """``data`` without metadata. A TIFF comes back as it is: only re-encoding cleans one.

    Raises ValueError, IndexError or struct.error for a file that is damaged or cut off.
    """
    match media_type:
        case MediaType.JPEG:
            return metadata_jpeg.strip(data)
        case MediaType.PNG:
            return metadata_png.strip(data)
        case MediaType.WEBP:
            return metadata_webp.strip(data)
        case MediaType.GIF:
            return metadata_gif.strip(data)
        case MediaType.HEIC | MediaType.HEIF | MediaType.AVIF:
            return metadata_isobmff.strip(data)
        case MediaType.TIFF:
            return data
