"""Which pictures a thread of the worker may decode, and how much of the pixel budget one takes.

A thread can't be stopped and its crash is the worker's, so only the decoders that the whole web
leans on run there, on sizes that they finish in a second. The rest goes to a process of its own.
"""

from services.ingest.metadata_jpeg import is_baseline
from shared.media import MediaType

THREAD_PIXELS = 24_000_000

_IN_THREADS = frozenset({MediaType.JPEG, MediaType.PNG, MediaType.WEBP})

# At the peak, measured at 48 megapixels: the largest of RGB, RGBA, grey, and for JPEG progressive.
_PEAK_BYTES_PER_PIXEL = {
    MediaType.JPEG: 6.5,
    MediaType.PNG: 9.5,
    MediaType.WEBP: 19.0,
    MediaType.GIF: 6.0,
    MediaType.TIFF: 14.0,
    MediaType.HEIC: 10.0,
    MediaType.HEIF: 10.0,
    MediaType.AVIF: 12.5,
}
_BUDGET_BYTES_PER_PIXEL = 8.0


def may_run_in_thread(data: bytes, media_type: MediaType, pixels: int) -> bool:
    """By the headers of a picture without metadata, in microseconds. Raises like `strip`."""
    if media_type not in _IN_THREADS or pixels > THREAD_PIXELS:
        return False
    return media_type is not MediaType.JPEG or is_baseline(data)


def weight(media_type: MediaType, pixels: int) -> int:
    """What decoding takes of the pixel budget, in which a pixel stands for eight bytes."""
    return round(pixels * _PEAK_BYTES_PER_PIXEL[media_type] / _BUDGET_BYTES_PER_PIXEL)
