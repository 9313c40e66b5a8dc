"""What an export says of each image: an entry of ``images.json`` and a row of ``captions.csv``."""

import csv
import io
import re

from shared.api import ImageView
from shared.characters import legible

COLUMNS = (
    "image_id",
    "created_at",
    "status",
    "batch",
    "concise",
    "creative",
    "alt_text",
    "language",
    "edited",
    "labels",
    "provider",
    "degraded",
    "error_code",
    "taken_at",
    "camera",
)
# Excel takes a file for UTF-8 only if it begins with this.
BYTE_ORDER_MARK = "\ufeff"
# A file in the archive is there for as long as the archive is; the contract wants a time.
NEVER = "9999-12-31T23:59:59.999Z"
# What spreadsheets take for a formula (OWASP, "CSV Injection"): the signs, in full width too, also
# after blanks and invisible characters, which some importers strip; and leading control characters.
_FORMULA = re.compile(
    "[\t\r\n]|[\\s\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]"
)


def without_urls(view: ImageView, original_name: str | None) -> ImageView:
    """``view`` with the archive's own file for the original and no thumbnail, which isn't in it."""
    original = view.original and view.original.model_copy(
        update={"url": original_name, "url_expires_at": NEVER}
    )
    return view.model_copy(update={"original": original, "thumbnail": None})


def header() -> str:
    """The first line of ``captions.csv``, byte order mark included."""
    return BYTE_ORDER_MARK + _line(COLUMNS)


def row(view: ImageView) -> str:
    """The line of ``captions.csv`` about ``view``, in the order of ``COLUMNS``."""
    captions, provider, photo = view.captions, view.provider, view.photo
    return _line(
        (
            view.image_id,
            view.created_at,
            view.status,
            view.batch,
            captions and captions.concise,
            captions and captions.creative,
            captions and captions.alt_text,
            captions and captions.language,
            captions and captions.edited,
            "; ".join(label.name for label in view.labels or []),
            provider and provider.name,
            provider and provider.degraded,
            view.error and view.error.code,
            photo and photo.taken_at,
            photo and photo.camera,
        )
    )


def cell(value: object) -> str:
    """``value`` as text that no spreadsheet evaluates: one that could start a formula is quoted."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = legible(str(value))
    return f"'{text}" if _FORMULA.match(text) else text


def _line(values: tuple[object, ...]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, dialect="excel").writerow([cell(value) for value in values])
    return buffer.getvalue()
