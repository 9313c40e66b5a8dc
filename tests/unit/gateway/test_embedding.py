"""Captions inside files: exiftool reads them, and the picture is the same to the last bit."""

import io
import struct
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from services.gateway.embedding import embed, takes_captions
from services.gateway.xmp import packet_of
from shared.api import CaptionsView
from shared.characters import legible
from shared.media import MediaType, media_type_of
from tests import photos
from tests.exiftool import Exiftool, needs_exiftool, running_exiftool

CAPTIONS = CaptionsView(
    concise='A "cat" & <dog> ]]> \U0001f408',
    creative="Eine Katze,\nzwei Zeilen",
    alt_text="חתול ישן על שטיח",
    language="de-CH",
)
LABELS = ["Cat", "Mat & rug"]


@pytest.fixture(scope="module")
def exiftool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exiftool]:
    with running_exiftool(tmp_path_factory.mktemp("exiftool")) as running:
        yield running


def palette_png() -> bytes:
    return photos.encoded(photos.corners().quantize(8), "PNG", transparency=0)


def with_alpha() -> Image.Image:
    picture = photos.corners(161, 121).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return picture


FILES = {
    "jpeg": photos.real_photo,
    "jpeg-1x1": lambda: photos.encoded(Image.new("RGB", (1, 1), "red"), "JPEG"),
    "jpeg-progressive": lambda: photos.encoded(photos.corners(), "JPEG", progressive=True),
    "jpeg-orientation-only": lambda: photos.encoded(
        photos.corners(), "JPEG", exif=photos.orientation_exif(6)
    ),
    "jpeg-icc": lambda: photos.encoded(
        photos.corners(),
        "JPEG",
        icc_profile=photos.wide_gamut_profile(),
        exif=photos.orientation_exif(3),
    ),
    "jpeg-cmyk": lambda: photos.encoded(photos.corners().convert("CMYK"), "JPEG"),
    "jpeg-grey": lambda: photos.encoded(photos.corners().convert("L"), "JPEG"),
    "jpeg-xmp": lambda: photos.encoded(photos.corners(), "JPEG", xmp=photos.xmp_packet()),
    "png": lambda: photos.real_photo("coffee"),
    "png-1x1": lambda: photos.encoded(Image.new("1", (1, 1)), "PNG"),
    "png-palette": palette_png,
    "png-animated": lambda: photos.animated("PNG"),
    "png-orientation": lambda: photos.encoded(
        photos.corners(), "PNG", exif=photos.orientation_exif(8)
    ),
    "webp-lossy": lambda: photos.encoded(photos.corners(161, 121), "WEBP", quality=70),
    "webp-1x1": lambda: photos.encoded(Image.new("RGB", (1, 1), "red"), "WEBP"),
    "webp-lossless": lambda: photos.encoded(photos.corners(161, 121), "WEBP", lossless=True),
    "webp-lossless-alpha": lambda: photos.encoded(with_alpha(), "WEBP", lossless=True),
    "webp-lossy-alpha": lambda: photos.encoded(with_alpha(), "WEBP", quality=70),
    "webp-animated": lambda: photos.animated("WEBP"),
    "webp-icc-orientation": lambda: photos.encoded(
        photos.corners(),
        "WEBP",
        icc_profile=photos.wide_gamut_profile(),
        exif=photos.orientation_exif(6),
    ),
    "webp-xmp": lambda: photos.encoded(photos.corners(), "WEBP", xmp=photos.xmp_packet()),
}
ALL_FILES = pytest.mark.parametrize("name", FILES)


@cache
def file_of(name: str) -> bytes:
    return FILES[name]()


def embedded(data: bytes, captions: CaptionsView = CAPTIONS) -> bytes:
    media_type = media_type_of(data[:64])
    assert media_type is not None
    return b"".join(embed(data, media_type, packet_of(captions, LABELS)))


def frames(data: bytes) -> list[tuple[object, ...]]:
    with Image.open(io.BytesIO(data)) as image:
        info = {key: image.info.get(key) for key in ("icc_profile", "exif", "dpi", "transparency")}
        return [
            (frame.mode, frame.size, frame.tobytes(), info, image.getexif().get(0x0112))
            for frame in ImageSequence.Iterator(image)
        ]


@ALL_FILES
def test_the_picture_is_the_same_to_the_last_bit(name: str) -> None:
    data = file_of(name)

    assert frames(embedded(data)) == frames(data)


@needs_exiftool
@ALL_FILES
def test_exiftool_reads_every_property(name: str, exiftool: Exiftool) -> None:
    tags = exiftool.tags(embedded(file_of(name)))

    assert {tag: value for tag, value in tags.items() if tag != "SourceFile"} == {
        "XMP-dc:Description": CAPTIONS.concise,
        "XMP-dc:Description-de-CH": CAPTIONS.concise,
        "XMP-dc:Subject": LABELS,
        "XMP-iptcCore:AltTextAccessibility": CAPTIONS.alt_text,
        "XMP-iptcCore:AltTextAccessibility-de-CH": CAPTIONS.alt_text,
        "XMP-iptcCore:ExtDescrAccessibility": CAPTIONS.creative,
        "XMP-iptcCore:ExtDescrAccessibility-de-CH": CAPTIONS.creative,
    }


@needs_exiftool
@ALL_FILES
def test_exiftool_finds_no_fault_that_was_not_there_before(name: str, exiftool: Exiftool) -> None:
    data = file_of(name)

    assert exiftool.validate(embedded(data)) in {"OK", exiftool.validate(data)}


@ALL_FILES
def test_earlier_captions_are_replaced(name: str) -> None:
    other = CAPTIONS.model_copy(update={"concise": "Something else", "creative": "x" * 9_000})

    twice = embedded(embedded(file_of(name), other))

    assert twice == embedded(file_of(name))
    assert photos.SECRET not in twice


def test_jpeg_grows_by_one_segment_after_exif_and_before_the_profile() -> None:
    data = file_of("jpeg-icc")

    segment = _app1(packet_of(CAPTIONS, LABELS))
    before, after = embedded(data).split(segment)

    assert before + after == data
    assert b"Exif\0\0" in before
    assert after.startswith(b"\xff\xe2")


def test_extended_xmp_of_a_jpeg_goes_too() -> None:
    data = file_of("jpeg")
    extension = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + photos.SECRET
    segment = struct.pack(">BBH", 0xFF, 0xE1, len(extension) + 2) + extension

    assert embedded(data[:2] + segment + data[2:]) == embedded(data)


def test_fill_bytes_before_a_marker_are_no_fault() -> None:
    data = file_of("jpeg")
    filled = data[:2] + b"\xff\xff" + data[2:]

    assert frames(embedded(filled)) == frames(data)


@pytest.mark.parametrize("keyword", [b"XML:com.adobe.xmp", b"Raw profile type xmp"])
def test_text_chunks_with_xmp_go_wherever_they_are(keyword: bytes) -> None:
    data = file_of("png")
    old = photos.png_chunk(b"iTXt", keyword + b"\0\0\0\0\0old")
    assert data.endswith(photos.png_chunk(b"IEND", b""))

    assert embedded(data[:-12] + old + data[-12:]) == embedded(data[:33] + old + data[33:])
    assert embedded(data[:-12] + old + data[-12:]) == embedded(data)


def test_other_text_chunks_stay() -> None:
    data = file_of("png")
    title = photos.png_chunk(b"tEXt", b"Title\0mine")

    assert title in embedded(data[:33] + title + data[33:])


@pytest.mark.parametrize(
    ("name", "size", "alpha"),
    [
        ("webp-lossy", (161, 121), False),
        ("webp-1x1", (1, 1), False),
        ("webp-lossless", (161, 121), False),
        ("webp-lossless-alpha", (161, 121), True),
        ("webp-lossy-alpha", (161, 121), True),
    ],
)
def test_webp_header_tells_canvas_and_alpha(name: str, size: tuple[int, int], alpha: bool) -> None:
    header = embedded(file_of(name))[12:30]

    assert header[:8] == b"VP8X\x0a\0\0\0"
    assert header[8] == 0x04 | (0x10 if alpha else 0)
    width = int.from_bytes(header[12:15], "little") + 1
    height = int.from_bytes(header[15:18], "little") + 1
    assert (width, height) == size


@pytest.mark.parametrize("name", ["jpeg", "png", "webp-lossy", "webp-animated"])
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_files_are_refused_or_written_but_nothing_else(
    name: str, data: st.DataObject
) -> None:
    whole = bytearray(file_of(name)[:3000])
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(whole)))
    media_type = media_type_of(file_of(name)[:64])
    assert media_type is not None

    try:
        pieces = embed(bytes(whole[:end]), media_type, b"<x/>")
    except ValueError:
        return
    assert b"<x/>" in b"".join(pieces)


def test_only_three_formats_take_captions() -> None:
    assert {each for each in MediaType if takes_captions(each)} == {
        MediaType.JPEG,
        MediaType.PNG,
        MediaType.WEBP,
    }


@needs_exiftool
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=300))
def test_any_text_comes_back_through_exiftool(text: str, exiftool: Exiftool) -> None:
    file = embedded(file_of("jpeg-1x1"), CAPTIONS.model_copy(update={"alt_text": text}))

    assert exiftool.text(file, "XMP-iptcCore:AltTextAccessibility") == legible(text)


def _app1(packet: bytes) -> bytes:
    payload = b"http://ns.adobe.com/xap/1.0/\0" + packet
    return struct.pack(">BBH", 0xFF, 0xE1, len(payload) + 2) + payload
