"""The project's image path, as a contender. ``prepare`` is what ingest runs for every photo."""

import io
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from benchmarks.serving import serve
from services.ingest.colour import plain
from services.ingest.decode import Limits, identify, opened
from services.ingest.memory import keep_freed_memory
from services.ingest.renditions import prepare, thumbnail_size

_LIMITS = Limits()
_QUALITY = 80  # as renditions, and as the peer
_BATCH = 4
_POOLS = {threads: ThreadPoolExecutor(threads) for threads in (1, 2)}


def thumbnail(data: bytes) -> list[bytes]:
    """The thumbnail alone, by the steps of renditions."""
    with opened(data, identify(data), _LIMITS) as image:
        target = thumbnail_size(image.size)
        image.draft(None, target)
        image.load()
        small = plain(image).resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0)
        turn = _TURNS.get(image.getexif().get(0x0112, 1))
    buffer = io.BytesIO()
    (small if turn is None else small.transpose(turn)).save(buffer, "JPEG", quality=_QUALITY)
    return [buffer.getvalue()]


def decoded_for_thumbnail(data: bytes) -> list[bytes]:
    """No more than the decoder's part of ``thumbnail``: bytes to 500 x 375 pixels of 12 MP."""
    with opened(data, identify(data), _LIMITS) as image:
        image.draft(None, thumbnail_size(image.size))
        image.load()
    return []


# Of the eight orientations the photos have two.
_TURNS = {6: Image.Transpose.ROTATE_270}


def renditions(data: bytes) -> list[bytes]:
    """Stripped original, thumbnail and model input."""
    made = prepare(data, limits=_LIMITS)
    return [made.original.data, made.thumbnail.data, made.model.data]


def batch_in_one_thread(data: bytes) -> list[bytes]:
    """Four photos, one after the other."""
    return _batch(data, threads=1)


def batch_in_two_threads(data: bytes) -> list[bytes]:
    """Four photos, two at a time."""
    return _batch(data, threads=2)


def _batch(data: bytes, *, threads: int) -> list[bytes]:
    return [made[1] for made in _POOLS[threads].map(renditions, [data] * _BATCH)]


if __name__ == "__main__":
    keep_freed_memory()  # as ingest does
    serve(
        {
            "thumbnail": thumbnail,
            "decoded_for_thumbnail": decoded_for_thumbnail,
            "renditions": renditions,
            "batch_in_one_thread": batch_in_one_thread,
            "batch_in_two_threads": batch_in_two_threads,
        },
        packages=["pillow"],
    )
