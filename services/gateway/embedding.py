"""An XMP packet into a file, which stays the same picture: entropy-coded data is not touched.

Our own writers, because exiv2 and its bindings are GPL.
"""

from collections.abc import Callable

from services.gateway import embedding_jpeg, embedding_png, embedding_webp
from shared.media import MediaType

# The file in pieces, most of them views of the one that came: no second copy of a photo is made.
Pieces = list[bytes | memoryview]
Writer = Callable[[bytes, bytes], Pieces]

_WRITERS: dict[MediaType, Writer] = {
    MediaType.JPEG: embedding_jpeg.embed,
    MediaType.PNG: embedding_png.embed,
    MediaType.WEBP: embedding_webp.embed,
}


def takes_captions(media_type: MediaType | None) -> bool:
    """Whether there is a writer for this format."""
    return media_type in _WRITERS


def embed(data: bytes, media_type: MediaType, packet: bytes) -> Pieces:
    """``data`` with ``packet`` in place of whatever XMP it has. CPU-bound: call it in a thread.

    Raises ValueError for a file that is damaged or cut off.
    """
    return _WRITERS[media_type](data, packet)
