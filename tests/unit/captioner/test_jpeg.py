"""A JPEG's header tells its size, and a broken one tells nothing and takes no time."""

import io

import pytest
from PIL import Image

from services.captioner.jpeg import size_of


def made(width: int, height: int, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(made(300, 200), id="baseline"),
        pytest.param(made(300, 200, progressive=True), id="progressive"),
        pytest.param(made(300, 200, "L"), id="grey"),
        pytest.param(made(300, 200, exif=b"Exif\0\0" + b"\xff\xc0" * 9), id="with metadata"),
        pytest.param(
            b"\xff\xd8\xff\xc4\x00\x08abcdef" + made(300, 200)[2:], id="tables before the frame"
        ),
        pytest.param(b"\xff\xd8\xff\xff" + made(300, 200)[2:], id="padded"),
    ],
)
def test_the_size_is_that_of_the_picture(data: bytes) -> None:
    assert size_of(data) == (300, 200)


@pytest.mark.parametrize("length", range(160))
def test_a_header_that_is_cut_off_tells_nothing(length: int) -> None:
    assert size_of(made(300, 200)[:length]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        b"\xff\xd8" + bytes(100),
        b"\xff\xd8\xff\xda" + bytes(100),
        b"\xff\xd8" + b"\xff\xe0\x00\x00" * 100_000,
        b"\xff\xd8" + b"\xff" * 400_000,
    ],
    ids=["png", "no marker", "scan first", "empty segments", "padding only"],
)
def test_what_has_no_frame_has_no_size(data: bytes) -> None:
    assert size_of(data) is None
