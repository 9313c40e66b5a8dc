"""What became of each file, for a person or a program."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType

from clients.resources import Image

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Row:
    """One file. ``error`` is a code of the contract, or one of the command's own."""

    file: str
    image_id: str | None = None
    status: str = "not_sent"
    concise: str | None = None
    creative: str | None = None
    alt_text: str | None = None
    labels: str | None = None
    provider: str | None = None
    degraded: bool | None = None
    error: str | None = None
    detail: str | None = None
    taken_at: str | None = None
    camera: str | None = None


def row_of(file: str, image: Image) -> Row:
    """The row of a file that was handed in."""
    row = Row(file, image.image_id, image.status)
    if image.captions is not None:
        texts = image.captions
        row = replace(row, concise=texts.concise, creative=texts.creative, alt_text=texts.alt_text)
    if image.labels is not None:
        row = replace(row, labels=", ".join(label.name for label in image.labels))
    if image.provider is not None:
        row = replace(row, provider=image.provider.name, degraded=image.provider.degraded)
    if image.photo is not None:
        row = replace(row, taken_at=image.photo.taken_at, camera=image.photo.camera)
    if image.error is not None:
        row = replace(row, error=image.error.code, detail=image.error.detail)
    return row


def as_text(rows: Iterable[Row]) -> str:
    """A line for each file."""
    return "".join(f"{row.file}: {_line(row)}\n" for row in rows)


def _line(row: Row) -> str:
    if row.error is not None:
        return f"[{row.error}] {row.detail or ''}".rstrip()
    return row.concise or f"[{row.status}]"


def as_json(rows: Iterable[Row]) -> str:
    """An array of objects."""
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2) + "\n"


def as_csv(rows: Iterable[Row]) -> str:
    """A table with a heading. No cell starts a formula: a spreadsheet would run it."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(Row.__dataclass_fields__)
    for row in rows:
        table.writerow([_cell(value) for value in asdict(row).values()])
    return out.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


FORMATS: Mapping[str, Callable[[Iterable[Row]], str]] = MappingProxyType(
    {"text": as_text, "json": as_json, "csv": as_csv}
)
