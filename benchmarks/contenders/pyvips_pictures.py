"""The same pictures by pyvips, the way its documentation advises: shrink on load, then cascade.

Runs in the peers' environment. Of the project it imports only code that needs no package.
"""

import math

import pyvips  # type: ignore[import-not-found]  # not in the environment that is type-checked

from benchmarks.serving import serve
from services.ingest.metadata_jpeg import strip

_THUMBNAIL_EDGE = 300
_THUMBNAIL_QUALITY = 80
_MODEL_EDGE = 1568
_MODEL_PIXELS = 1_150_000
_MODEL_QUALITY = 85
_ORIGINAL_QUALITY = 90

# Asked for the same photo again, it would answer from memory.
pyvips.cache_set_max(0)


def thumbnail(data: bytes) -> list[bytes]:
    """The thumbnail alone."""
    return [_jpeg(_fitted(data, _THUMBNAIL_EDGE), _THUMBNAIL_QUALITY)]


def renditions(data: bytes) -> list[bytes]:
    """Both pictures by pyvips, and the project's own copy of the original without metadata."""
    return [strip(data), *_pictures(data)]


def renditions_alone(data: bytes) -> list[bytes]:
    """All three by pyvips, which drops metadata only by encoding the picture again."""
    original = pyvips.Image.new_from_buffer(data, "").autorot()
    return [_jpeg(original, _ORIGINAL_QUALITY), *_pictures(data)]


def _pictures(data: bytes) -> list[bytes]:
    # Opening reads the header only.
    stored = pyvips.Image.new_from_buffer(data, "")
    longest = max(stored.width, stored.height)
    scale = min(_MODEL_EDGE / longest, math.sqrt(_MODEL_PIXELS / (stored.width * stored.height)))
    # In memory, or the second picture would decode the photo once more.
    model = _fitted(data, int(longest * scale)).copy_memory()
    small = model.thumbnail_image(_THUMBNAIL_EDGE, height=_THUMBNAIL_EDGE)
    return [_jpeg(small, _THUMBNAIL_QUALITY), _jpeg(model, _MODEL_QUALITY)]


def _fitted(data: bytes, edge: int) -> pyvips.Image:
    return pyvips.Image.thumbnail_buffer(data, edge, height=edge)


def _jpeg(image: pyvips.Image, quality: int) -> bytes:
    encoded: bytes = image.jpegsave_buffer(Q=quality, keep="icc")
    return encoded


if __name__ == "__main__":
    serve(
        {
            "thumbnail": thumbnail,
            "renditions": renditions,
            "renditions_alone": renditions_alone,
        },
        packages=["pyvips", "pyvips-binary"],
    )
