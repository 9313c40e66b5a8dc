"""What a stand-in sees in an image: its size and mean colour, and nothing that could be canned."""

import asyncio
import hashlib
import io
from dataclasses import dataclass

from PIL import Image

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# Enough pixels for a mean, and few enough that a JPEG is decoded in a millisecond.
_ENOUGH = (64, 64)


class Unreadable(Exception):
    """Pillow can't decode it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that was received. ``size`` is in bytes, ``colour`` like ``#a1b2c3``."""

    sha256: str
    size: int
    format: str
    width: int
    height: int
    colour: str

    @property
    def shown(self) -> dict[str, object]:
        """What stands for the bytes wherever a call is shown."""
        return {"sha256": self.sha256, "size": self.size}


async def seen(data: bytes) -> Picture:
    """Decode an image, off the loop; raise ``Unreadable`` for what is none."""
    return await asyncio.to_thread(look, data)


def look(data: bytes) -> Picture:
    """Decode an image; raise ``Unreadable`` for what is none."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            width, height = image.size
            kind = image.format or ""
            image.draft("RGB", _ENOUGH)
            mean = image.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unreadable from error
    red, green, blue = mean if isinstance(mean, tuple) else (0, 0, 0)
    return Picture(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        format=kind,
        width=width,
        height=height,
        colour=f"#{red:02x}{green:02x}{blue:02x}",
    )
