"""Date and camera from EXIF: read where the owner asks, and nothing beside them, ever."""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from services.ingest.capture import Capture, capture_in
from services.ingest.decode import Limits
from services.ingest.renditions import prepare
from shared.media import MediaType
from tests.photos import corners, encoded

pillow_heif.register_heif_opener()

TAKEN = "2024:05:01 18:30:09"
TAKEN_AT = "2024-05-01T18:30:09"
FORMATS = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.TIFF: "TIFF",
    MediaType.HEIC: "HEIF",
    MediaType.AVIF: "AVIF",
}


def exif(main: Mapping[int, Any] = {}, details: Mapping[int, Any] = {}, **place: Any) -> Image.Exif:
    made = Image.Exif()
    for tag, value in main.items():
        made[tag] = value
    for tag, value in details.items():
        made.get_ifd(ExifTags.IFD.Exif)[tag] = value
    for name, value in place.items():
        made.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS[name]] = value
    return made


def a_camera_s(taken: str = TAKEN, offset: str | None = None, **names: str) -> Image.Exif:
    main: dict[int, Any] = {ExifTags.Base[name]: value for name, value in names.items()}
    details: dict[int, Any] = {ExifTags.Base.DateTimeOriginal: taken}
    if offset is not None:
        details[ExifTags.Base.OffsetTimeOriginal] = offset
    return exif(main, details)


def read(block: Image.Exif, media_type: MediaType = MediaType.JPEG) -> Capture:
    return capture_in(with_exif(block, media_type), media_type)


def with_exif(block: Image.Exif, media_type: MediaType) -> bytes:
    return encoded(corners(64, 64), FORMATS[media_type], exif=block.tobytes())


@pytest.mark.parametrize("media_type", FORMATS)
def test_date_and_camera_are_read_from_every_format(media_type: MediaType) -> None:
    block = a_camera_s(offset="+02:00", Make="FUJIFILM", Model="X-T5")

    found = read(block, media_type)

    assert found == Capture(f"{TAKEN_AT}+02:00", "FUJIFILM X-T5")


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_file_that_says_nothing_has_neither(media_type: MediaType) -> None:
    assert capture_in(encoded(corners(64, 64), FORMATS[media_type]), media_type) == Capture()


def test_a_gif_has_neither() -> None:
    assert capture_in(encoded(corners(), "GIF"), MediaType.GIF) == Capture()


@pytest.mark.parametrize(
    ("offset", "taken_at"),
    [
        pytest.param("+05:45", f"{TAKEN_AT}+05:45", id="ahead"),
        pytest.param("-03:30", f"{TAKEN_AT}-03:30", id="behind"),
        pytest.param("+00:00", f"{TAKEN_AT}+00:00", id="UTC"),
        pytest.param(None, TAKEN_AT, id="none"),
        pytest.param("   :  ", TAKEN_AT, id="blank"),
        pytest.param("+99:00", TAKEN_AT, id="of no place on earth"),
        pytest.param("+02:61", TAKEN_AT, id="minutes that no hour has"),
        pytest.param("Berlin", TAKEN_AT, id="a place"),
    ],
)
def test_the_offset_is_the_camera_s_and_never_guessed(offset: str | None, taken_at: str) -> None:
    assert read(a_camera_s(offset=offset)).taken_at == taken_at


@pytest.mark.parametrize(
    "written",
    [
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "2024:02:30 12:00:00",
        "2024:05:01 25:00:00",
        "2024-05-01T12:00:00",
        "yesterday",
        "",
        "2024:05:01 18:30:09, at home",
    ],
)
def test_what_is_no_date_is_none(written: str) -> None:
    assert read(a_camera_s(written)).taken_at is None


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        pytest.param("Canon", "Canon EOS R5", "Canon EOS R5", id="maker in the model"),
        pytest.param("NIKON CORPORATION", "NIKON D850", "NIKON D850", id="its first word"),
        pytest.param("Apple", "iPhone 15 Pro", "Apple iPhone 15 Pro", id="apart"),
        pytest.param("", "X100", "X100", id="no maker"),
        pytest.param("Leica", "", "Leica", id="no model"),
        pytest.param(" \0 ", "", None, id="blank"),
        pytest.param("A\x07cme\r\n", "\x1b[31mRed\x7f", "A cme [31mRed", id="control characters"),
        pytest.param("A", "B\0C hidden", "A B", id="past the end"),
        pytest.param("M" * 300, "N" * 300, f"{'M' * 64} {'N' * 64}", id="long"),
    ],
)
def test_a_camera_is_its_maker_and_model_fit_to_be_shown(
    make: str, model: str, camera: str | None
) -> None:
    assert read(a_camera_s(Make=make, Model=model)).camera == camera


def test_what_turns_the_text_around_it_is_left_out() -> None:
    turned = "Cam\u202eera".encode()
    entry = struct.pack("<HHII", ExifTags.Base.Make, 2, len(turned), 26)
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4) + turned
    jpeg = encoded(corners(), "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff

    found = capture_in(jpeg[:2] + segment + jpeg[2:], MediaType.JPEG)

    assert found.camera == "Cam era"


# What tells who, where and which one; each of them planted in the next test.
TELLING = [
    ExifTags.Base.BodySerialNumber,
    ExifTags.Base.LensSerialNumber,
    ExifTags.Base.CameraOwnerName,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
    ExifTags.Base.ImageUniqueID,
    ExifTags.Base.UserComment,
    ExifTags.Base.MakerNote,
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Software,
    ExifTags.Base.HostComputer,
]
_secrets = st.from_regex(r"kept-from-you-[a-z0-9]{4,12}", fullmatch=True)


@given(secret=_secrets, media_type=st.sampled_from(list(FORMATS)))
def test_nothing_of_the_place_the_owner_or_a_serial_number_comes_out(
    secret: str, media_type: MediaType
) -> None:
    main: dict[int, Any] = {ExifTags.Base.Make: "Canon", ExifTags.Base.Model: "Canon EOS R5"}
    details: dict[int, Any] = {ExifTags.Base.DateTimeOriginal: TAKEN}
    for tag in TELLING:
        target = main if tag < 0x8000 or tag == ExifTags.Base.Copyright else details
        value: Any = secret.encode() if tag == ExifTags.Base.MakerNote else secret
        target[tag] = value
    block = exif(
        main, details, GPSLatitudeRef=secret, GPSAreaInformation=secret, GPSDateStamp=secret
    )
    upload = with_exif(block, media_type)
    assert secret.encode() in upload

    capture = capture_in(upload, media_type)
    prepared = prepare(upload, limits=Limits())

    assert capture == Capture(TAKEN_AT, "Canon EOS R5")
    assert secret not in json.dumps(asdict(capture))
    for rendition in (prepared.original, prepared.thumbnail, prepared.model):
        assert secret.encode() not in rendition.data
        assert TAKEN.encode() not in rendition.data


_WHOLE = {
    media_type: with_exif(a_camera_s(offset="+02:00", Make="FUJIFILM", Model="X-T5"), media_type)
    for media_type in FORMATS
}


@given(data=st.data(), media_type=st.sampled_from(list(FORMATS)))
def test_no_damage_raises_anything(data: st.DataObject, media_type: MediaType) -> None:
    whole = bytearray(_WHOLE[media_type])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, min(len(whole), 700) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(whole)))

    for file in (bytes(whole), bytes(whole[:end])):
        found = capture_in(file, media_type)

        assert len(found.camera or "") <= 129
        assert (found.taken_at or "").isascii()
