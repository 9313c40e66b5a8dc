"""One upload to the three pictures we store: the clean original, the model input, the thumbnail.

A photo is decoded once, as small as the decoder can, and each picture is made from the next larger
one; turning upright comes last, when there is least left to turn.
"""

import io
import math
from dataclasses import dataclass

from PIL import Image

from services.ingest.colour import plain, to_srgb
from services.ingest.decode import DamageIsPermanent, Limits, identify, opened
from services.ingest.metadata import strip
from services.ingest.metadata_exif import UPRIGHT
from shared.errors import Permanent
from shared.media import MediaType

THUMBNAIL_EDGE = 300
# Claude scales larger pictures down itself: sending more costs bytes and buys nothing.
MODEL_EDGE = 1568
MODEL_PIXELS = 1_150_000
_THUMBNAIL_QUALITY = 80
_MODEL_QUALITY = 85
# `resize` first averages whole blocks until this many times the target is left: several times
# faster than LANCZOS over all of it, and bounded in memory for extreme shapes.
_REDUCING_GAP = 2.0
# Half of LANCZOS's time, which was half of a photo's image work; by SSIM the model input is
# as good as pyvips's (docs/performance.md). The thumbnail is too small to gain by it.
_MODEL_FILTER = Image.Resampling.HAMMING
_THUMBNAIL_FILTER = Image.Resampling.LANCZOS
_ORIENTATION = 0x0112
# EXIF 2.32, 4.6.4: what to do to the stored picture to see it upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Rendition:
    """A picture ready to store; width and height in pixels, as displayed."""

    media_type: MediaType
    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Prepared:
    original: Rendition
    thumbnail: Rendition
    model: Rendition


@dataclass(frozen=True)
class Cleaned:
    """An upload without its metadata: the stored original, but for a TIFF."""

    data: bytes
    media_type: MediaType


def prepare(data: bytes, *, limits: Limits) -> Prepared:
    """All three renditions of an upload, here and now: `clean` and `render` in one.

    Raises Permanent: ``image_too_large``, ``unsupported_media_type``, ``image_too_many_pixels`` or
    ``undecodable_image``, with a sentence for the owner.
    """
    cleaned = clean(data, limits=limits)
    return render(cleaned.data, cleaned.media_type, limits=limits)


def clean(data: bytes, *, limits: Limits) -> Cleaned:
    """The upload without its metadata. No decoder is run, and memory is a few times ``data``.

    Raises Permanent: ``image_too_large``, ``unsupported_media_type`` or ``undecodable_image``.
    """
    if len(data) > limits.bytes:
        raise Permanent(
            "image_too_large",
            f"This file is larger than {limits.bytes // 1024**2} MiB. Please send a smaller one.",
        )
    media_type = identify(data)
    with DamageIsPermanent():
        return Cleaned(strip(data, media_type), media_type)


def render(data: bytes, media_type: MediaType, *, limits: Limits) -> Prepared:
    """The renditions of what `clean` made. CPU-bound, in C code that nothing can interrupt.

    Raises Permanent: ``image_too_many_pixels`` or ``undecodable_image``.
    """
    with DamageIsPermanent(), opened(data, media_type, limits) as image:
        return _render(image, data, media_type)


def model_size(size: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same shape within MODEL_EDGE and MODEL_PIXELS, never larger."""
    width, height = size
    scale = min(1.0, MODEL_EDGE / max(size), math.sqrt(MODEL_PIXELS / (width * height)))
    # Rounded down, both being limits, but not for the last bit of a float.
    return max(1, int(width * scale + 1e-6)), max(1, int(height * scale + 1e-6))


def thumbnail_size(size: tuple[int, int]) -> tuple[int, int]:
    """The same shape with its long edge at THUMBNAIL_EDGE, never larger."""
    scale = min(1.0, THUMBNAIL_EDGE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _render(image: Image.Image, stripped: bytes, media_type: MediaType) -> Prepared:
    stored = image.size
    if media_type is MediaType.JPEG:
        # The decoder skips what the model input won't show. Fitted to the shape: against a square
        # it would find the short edge too small and decode everything.
        image.draft(None, model_size(stored))
        image.load()
    else:
        image.load()
        # HEIC and TIFF turn themselves, and only now is their size what is displayed.
        stored = image.size
    orientation = image.getexif().get(_ORIENTATION, UPRIGHT)
    original = stripped
    if media_type is MediaType.TIFF:
        original = _encode_tiff(image)

    pixels = plain(image)
    small = pixels.resize(model_size(stored), _MODEL_FILTER, reducing_gap=_REDUCING_GAP)
    model = to_srgb(small, image.info.get("icc_profile"))
    thumbnail = model.resize(thumbnail_size(stored), _THUMBNAIL_FILTER, reducing_gap=_REDUCING_GAP)
    width, height = stored if orientation < 5 else stored[::-1]
    return Prepared(
        original=Rendition(media_type, original, width, height),
        thumbnail=_jpeg(thumbnail, orientation, _THUMBNAIL_QUALITY),
        model=_jpeg(model, orientation, _MODEL_QUALITY),
    )


def _jpeg(image: Image.Image, orientation: int, quality: int) -> Rendition:
    turn = _TURNS.get(orientation)
    upright = image if turn is None else image.transpose(turn)
    buffer = io.BytesIO()
    upright.save(buffer, "JPEG", quality=quality, optimize=False)
    return Rendition(MediaType.JPEG, buffer.getvalue(), *upright.size)


def _encode_tiff(image: Image.Image) -> bytes:
    """The first page, upright, lossless; anew, because a TIFF's tags point anywhere in it."""
    # A copy is a plain picture: the encoder takes XMP and IPTC over from an opened TIFF.
    page = image.copy()
    page.info = {}
    buffer = io.BytesIO()
    page.save(
        buffer,
        "TIFF",
        compression="tiff_adobe_deflate",
        icc_profile=image.info.get("icc_profile"),
    )
    return buffer.getvalue()
