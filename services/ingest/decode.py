"""Hostile bytes to an opened picture: type by content, size by the header, then one decoder.

No pixel is allocated before its number is known to be allowed, and whatever a decoder raises leaves
here as ``Permanent``. Importing this module registers the HEIC decoder, if it is installed.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from PIL import Image

from services.ingest import (
    metadata_gif,
    metadata_isobmff,
    metadata_jpeg,
    metadata_png,
    metadata_tiff,
    metadata_webp,
)
from shared.errors import Permanent
from shared.media import HEAD_BYTES, MediaType, media_type_of

try:
    import pillow_heif
except ImportError:
    _HEIF_INSTALLED = False
else:
    pillow_heif.register_heif_opener(thumbnails=False)
    _HEIF_INSTALLED = True

_PILLOW_FORMATS = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.GIF: "GIF",
    MediaType.HEIC: "HEIF",
    MediaType.HEIF: "HEIF",
    MediaType.AVIF: "AVIF",
    MediaType.TIFF: "TIFF",
}


@dataclass(frozen=True)
class Limits:
    """What one picture may cost."""

    bytes: int = 10 * 1024 * 1024
    pixels: int = 50_000_000


def identify(data: bytes) -> MediaType:
    """The format of ``data``. Raises Permanent, ``unsupported_media_type``."""
    media_type = media_type_of(data[:HEAD_BYTES])
    if media_type is None:
        raise Permanent(
            "unsupported_media_type",
            "This file is not a picture in a format we accept: JPEG, PNG, WebP, GIF, HEIC, AVIF "
            "or TIFF.",
        )
    if media_type in {MediaType.HEIC, MediaType.HEIF} and not _HEIF_INSTALLED:
        raise Permanent(
            "unsupported_media_type",
            "HEIC pictures can't be read by this installation. Please send it as a JPEG.",
        )
    return media_type


def pixels_of(data: bytes, media_type: MediaType) -> int:
    """Width times height as the header states them, read by us: no decoder sees the file.

    Raises Permanent, ``undecodable_image``.
    """
    with DamageIsPermanent():
        width, height = _stated_size(data, media_type)
        return width * height


def allow(pixels: int, limits: Limits) -> None:
    """Raises Permanent, ``image_too_many_pixels``, if there are more than ``limits`` has."""
    if pixels > limits.pixels:
        raise Permanent(
            "image_too_many_pixels",
            f"This picture has {pixels / 1e6:.0f} megapixels, and we take at most "
            f"{limits.pixels / 1e6:.0f}. Please send a smaller version of it.",
        )


@contextmanager
def opened(data: bytes, media_type: MediaType, limits: Limits) -> Iterator[Image.Image]:
    """The picture, its header read and its size allowed, not yet decoded.

    Raises Permanent, ``image_too_many_pixels``; otherwise what the decoder raises.
    """
    width, height = _stated_size(data, media_type)
    allow(width * height, limits)
    with Image.open(io.BytesIO(data), formats=[_PILLOW_FORMATS[media_type]]) as image:
        # Headers lie.
        allow(image.width * image.height, limits)
        yield image


class DamageIsPermanent:
    """Whatever a parser or decoder raises on hostile bytes becomes ``undecodable_image``."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None
    ) -> None:
        if isinstance(exc, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
            raise Permanent(
                "image_too_many_pixels",
                "This picture has more pixels than we take. Please send a smaller version of it.",
            ) from exc
        if isinstance(exc, MemoryError):
            raise Permanent(
                "undecodable_image",
                "This picture needs more memory to read than we allow. Please send it as a JPEG.",
            ) from exc
        if isinstance(exc, Exception) and not isinstance(exc, Permanent):
            raise Permanent(
                "undecodable_image",
                "This picture is damaged or incomplete and can't be read. Please send it again.",
            ) from exc


def _stated_size(data: bytes, media_type: MediaType) -> tuple[int, int]:
    """By our own reading: Pillow reads much more, or allocates, as it opens."""
    match media_type:
        case MediaType.JPEG:
            return metadata_jpeg.size_of(data)
        case MediaType.PNG:
            return metadata_png.size_of(data)
        case MediaType.WEBP:
            return metadata_webp.size_of(data)
        case MediaType.GIF:
            return metadata_gif.size_of(data)
        case MediaType.TIFF:
            return metadata_tiff.size_of(data)
        case MediaType.HEIC | MediaType.HEIF | MediaType.AVIF:
            return metadata_isobmff.size_of(data)
