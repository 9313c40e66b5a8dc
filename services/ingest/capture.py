"""When and with which camera a photo was taken, for owners who ask for it (`keep_exif`).

These two are all that is ever read: not the place, not a serial number, not anybody's name.
"""

import re
import struct
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from services.ingest import metadata_isobmff, metadata_jpeg, metadata_png, metadata_webp
from services.ingest.metadata_exif import texts_in
from shared.media import MediaType

# EXIF 3.0, 4.6.4 and 4.6.6.
_MAKE, _MODEL, _TAKEN, _OFFSET = 0x010F, 0x0110, 0x9003, 0x9011
_WANTED = frozenset({_MAKE, _MODEL, _TAKEN, _OFFSET})
_NAME_MAX = 64  # characters, of a maker and of a model
_DATE = re.compile(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", re.ASCII)
_FROM_UTC = re.compile(r"([+-])(\d\d):([0-5]\d)", re.ASCII)
_OFFSET_MAX = timedelta(hours=14)  # of any time zone there is


@dataclass(frozen=True)
class Capture:
    """What a camera wrote about a photo, where it did.

    ``taken_at`` is by the camera's clock: RFC 3339 with the offset from UTC that the camera wrote;
    without one, if it wrote none, the local time of an unknown place.
    """

    taken_at: str | None = None
    camera: str | None = None


def capture_in(data: bytes, media_type: MediaType) -> Capture:
    """What the file of ``media_type`` says. Damage counts as silence."""
    try:
        texts = texts_in(_exif_of(data, media_type), _WANTED)
    except (ValueError, LookupError, struct.error):
        return Capture()
    return Capture(
        taken_at=_taken_at(texts.get(_TAKEN, b""), texts.get(_OFFSET, b"")),
        camera=_camera(_name(texts.get(_MAKE, b"")), _name(texts.get(_MODEL, b""))),
    )


def _exif_of(data: bytes, media_type: MediaType) -> bytes:
    match media_type:
        case MediaType.JPEG:
            return metadata_jpeg.exif_of(data)
        case MediaType.PNG:
            return metadata_png.exif_of(data)
        case MediaType.WEBP:
            return metadata_webp.exif_of(data)
        case MediaType.HEIC | MediaType.HEIF | MediaType.AVIF:
            return metadata_isobmff.exif_of(data)
        case MediaType.TIFF:
            return data
        case MediaType.GIF:
            return b""


def _taken_at(written: bytes, offset: bytes) -> str | None:
    text = written.decode("ascii", "replace").strip()
    if _DATE.fullmatch(text) is None:
        return None
    try:
        moment = datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=_time_zone(offset))
    except ValueError:
        return None  # a clock never set writes zeros
    return moment.isoformat()


def _time_zone(offset: bytes) -> timezone | None:
    found = _FROM_UTC.fullmatch(offset.decode("ascii", "replace").strip())
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    if ahead > _OFFSET_MAX:
        return None
    return timezone(-ahead if sign == "-" else ahead)


def _name(written: bytes) -> str:
    """As text to show: no control characters, nothing that turns the text around it."""
    text = written.decode("utf-8", "ignore")
    shown = (" " if unicodedata.category(char).startswith("C") else char for char in text)
    return " ".join("".join(shown).split())[:_NAME_MAX].rstrip()


def _camera(make: str, model: str) -> str | None:
    # "Canon", "Canon EOS R5": most models begin with their maker's first word.
    if make and model.casefold().split()[:1] == make.casefold().split()[:1]:
        return model
    return f"{make} {model}".strip() or None
