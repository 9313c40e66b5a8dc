"""What an export says of each image, and that no spreadsheet evaluates any of it."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared import export_documents as documents
from shared.api import (
    CaptionsView,
    ErrorView,
    ImageView,
    LabelView,
    OriginalView,
    PhotoView,
    ProviderView,
    ThumbnailView,
)
from shared.characters import legible
from shared.records import Status

NOW = "2026-11-22T12:00:00.000Z"
STORED = {
    "content_type": "image/png",
    "bytes": 1,
    "width": 1,
    "height": 1,
    "url": "https://bucket.test/secret?X-Amz-Signature=1",
    "url_expires_at": NOW,
}


def view(text: str = "text", **changes: object) -> ImageView:
    values = {
        "image_id": "0193",
        "status": Status.COMPLETED,
        "version": 3,
        "created_at": NOW,
        "updated_at": NOW,
        "batch": "trip",
        "original": OriginalView.model_validate(STORED),
        "thumbnail": ThumbnailView.model_validate(STORED),
        "labels": [
            LabelView(name="Cat", confidence=1, source="local"),
            LabelView(name="Mat", confidence=1, source="local"),
        ],
        "photo": PhotoView(taken_at="2024-05-01T18:30:09", camera="Canon EOS R5"),
        "captions": CaptionsView(concise=text, creative=text, alt_text=text, language="en"),
        "provider": ProviderView(name="local", model="m", degraded=True),
    }
    return ImageView.model_validate(values | changes)


def parsed(line: str) -> list[str]:
    [row] = csv.reader(io.StringIO(line, newline=""), dialect="excel")
    return row


def test_header_names_the_columns_after_a_byte_order_mark() -> None:
    header = documents.header()

    assert header.encode().startswith(b"\xef\xbb\xbfimage_id,created_at,status,batch,")
    assert header.endswith(",error_code,taken_at,camera\r\n")


def test_row_has_a_value_for_every_column() -> None:
    values = parsed(documents.row(view()))

    assert dict(zip(documents.COLUMNS, values, strict=True)) == {
        "image_id": "0193",
        "created_at": NOW,
        "status": "completed",
        "batch": "trip",
        "concise": "text",
        "creative": "text",
        "alt_text": "text",
        "language": "en",
        "edited": "false",
        "labels": "Cat; Mat",
        "provider": "local",
        "degraded": "true",
        "error_code": "",
        "taken_at": "2024-05-01T18:30:09",
        "camera": "Canon EOS R5",
    }


def test_what_is_not_known_is_empty() -> None:
    error = ErrorView(code="timed_out", detail="", retryable=True, stage="ingest")
    failed = view(
        status="failed",
        batch=None,
        labels=None,
        photo=None,
        captions=None,
        provider=None,
        error=error,
    )

    assert parsed(documents.row(failed)) == ["0193", NOW, "failed", *[""] * 9, "timed_out", "", ""]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("\tcat", "'\tcat"),
        (" =1", "' =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\u200b=1", "'\u200b=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\x00=1", "'=1"),
        ("\x1b\x00@x", "'@x"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20x", "'\uff20x"),
        ('=HYPERLINK("http://x","y")', '\'=HYPERLINK("http://x","y")'),
        ("'=1", "'=1"),
        ("a=1", "a=1"),
        ("1-2", "1-2"),
        ("A cat, a mat", "A cat, a mat"),
        ('say "x"', 'say "x"'),
        ("two\nlines", "two\nlines"),
        ("", ""),
    ],
)
def test_no_cell_starts_a_formula(text: str, expected: str) -> None:
    values = parsed(documents.row(view(text)))

    assert values[4:7] == [expected] * 3


@given(text=st.text(max_size=200))
@example('",\r\n=1,"')
def test_any_text_stays_in_its_cell(text: str) -> None:
    values = parsed(documents.row(view(text)))

    assert len(values) == len(documents.COLUMNS)
    assert values[4].removeprefix("'") == legible(text).removeprefix("'")
    assert not values[4].strip().startswith(("=", "+", "-", "@"))


def test_labels_and_batch_are_no_way_in_either() -> None:
    label = LabelView(name="=1", confidence=1, source="local")

    values = parsed(documents.row(view(labels=[label], batch="-1")))

    assert (values[3], values[9]) == ("'-1", "'=1")


def test_exported_view_has_no_url_but_the_archives_own_file() -> None:
    exported = documents.without_urls(view(), "originals/0193.png")

    assert exported.original is not None
    assert exported.original.url == "originals/0193.png"
    assert exported.thumbnail is None
    assert "Signature" not in exported.model_dump_json()
