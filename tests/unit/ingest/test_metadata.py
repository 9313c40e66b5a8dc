import io
import json
import shutil
import struct
import subprocess
import warnings
import zlib

import pytest
from PIL import Image, ImageCms

from services.ingest import (
    metadata_gif,
    metadata_isobmff,
    metadata_jpeg,
    metadata_png,
    metadata_webp,
)
from services.ingest.decode import Limits
from services.ingest.metadata_exif import orientation_in, orientation_only
from services.ingest.renditions import prepare
from shared.errors import Permanent
from tests import photos

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PICTURE = photos.real_picture().resize((400, 300))
EXIFTOOL = shutil.which("exiftool")


def jpeg_segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def told_jpeg() -> bytes:
    """A JPEG with everything a phone and an editor leave behind, in and after the picture."""
    plain = photos.encoded(
        PICTURE, "JPEG", exif=photos.camera_exif(orientation=6), icc_profile=SRGB, quality=90
    )
    added = [
        jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + photos.xmp_packet()),
        jpeg_segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\x20" + photos.SECRET),
        jpeg_segment(0xFE, photos.SECRET),
        jpeg_segment(0xE2, b"MPF\0" + photos.SECRET),
        jpeg_segment(0xE0, b"JFXX\0\x10" + photos.SECRET),
        jpeg_segment(0xEB, b"vendor" + photos.SECRET),
    ]
    return b"".join([plain[:2], *added, plain[2:], photos.real_thumbnail(), photos.SECRET])


def told_png() -> bytes:
    plain = photos.encoded(PICTURE, "PNG", exif=photos.camera_exif(orientation=6), icc_profile=SRGB)
    added = [
        photos.png_chunk(b"tEXt", b"Comment\0" + photos.SECRET),
        photos.png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + photos.xmp_packet()),
        photos.png_chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(photos.SECRET)),
        photos.png_chunk(b"tIME", bytes(7)),
        photos.png_chunk(b"prVt", photos.SECRET),
    ]
    return b"".join([plain[:33], *added, plain[33:], photos.SECRET])


def told_webp() -> bytes:
    return (
        photos.encoded(
            PICTURE,
            "WEBP",
            exif=photos.camera_exif(orientation=6),
            xmp=photos.xmp_packet(),
            icc_profile=SRGB,
            quality=90,
        )
        + photos.SECRET
    )


def told_gif() -> bytes:
    plain = photos.encoded(PICTURE, "GIF", comment=photos.SECRET)
    xmp = b"\x21\xff\x0bXMP DataXMP" + photos.xmp_packet() + b"\x01" + bytes(range(255, -1, -1))
    return plain[:-1] + xmp + b"\0" + b";" + photos.SECRET


def told_container(format_: str) -> bytes:
    return (
        photos.encoded(
            PICTURE,
            format_,
            exif=photos.camera_exif(orientation=6),
            xmp=photos.xmp_packet(),
            icc_profile=SRGB,
            quality=90,
        )
        + struct.pack(">I4s", 8 + len(photos.SECRET), b"mpvd")
        + photos.SECRET
    )


def told_tiff() -> bytes:
    tags = {270: photos.SECRET.decode(), 700: photos.xmp_packet(), 33723: photos.SECRET}
    return photos.encoded(
        PICTURE,
        "TIFF",
        exif=photos.camera_exif(orientation=6),
        tiffinfo=tags | {274: 6},
        icc_profile=SRGB,
    )


TOLD = {
    "JPEG": told_jpeg(),
    "PNG": told_png(),
    "WEBP": told_webp(),
    "GIF": told_gif(),
    "HEIF": told_container("HEIF"),
    "AVIF": told_container("AVIF"),
    "TIFF": told_tiff(),
}
# The names exiftool gives to what any file of a kind has: its structure, size and colours.
TELLING_GROUPS = {"EXIF", "GPS", "XMP", "IPTC", "Photoshop", "MakerNotes", "MPF", "Trailer"}


def cleaned(format_: str) -> bytes:
    return prepare(TOLD[format_], limits=Limits()).original.data


def pixels(data: bytes) -> tuple[str, tuple[int, int], bytes]:
    with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.mode, image.size, image.tobytes()


@pytest.mark.parametrize("format_", TOLD)
def test_nothing_that_tells_of_the_owner_stays(format_):
    assert photos.SECRET in TOLD[format_]

    prepared = prepare(TOLD[format_], limits=Limits())

    for rendition in (prepared.original, prepared.thumbnail, prepared.model):
        assert photos.SECRET not in rendition.data


@pytest.mark.parametrize("format_", TOLD)
def test_pixels_stay_identical(format_):
    assert pixels(cleaned(format_)) == pixels(TOLD[format_])


@pytest.mark.parametrize("format_", [name for name in TOLD if name != "GIF"])
def test_colour_profile_stays(format_):
    with Image.open(io.BytesIO(cleaned(format_))) as image:
        assert image.info["icc_profile"] == SRGB


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_orientation_is_all_that_stays_of_exif(format_):
    with Image.open(io.BytesIO(cleaned(format_))) as image:
        assert dict(image.getexif()) == {0x0112: 6}


@pytest.mark.parametrize("format_", TOLD)
def test_cleaning_twice_is_cleaning_once(format_):
    once = cleaned(format_)

    assert prepare(once, limits=Limits()).original.data == once


@pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed")
@pytest.mark.parametrize("format_", TOLD)
def test_exiftool_finds_orientation_at_most(format_, tmp_path):
    file = tmp_path / f"original.{format_.lower()}"
    file.write_bytes(cleaned(format_))

    [tags] = json.loads(
        subprocess.run(
            [str(EXIFTOOL), "-json", "-G0:1", "-a", "-u", "-ee", str(file)],
            capture_output=True,
            check=True,
        ).stdout
    )

    told = {name for name in tags if TELLING_GROUPS & set(name.split(":"))}
    allowed = {"EXIF:IFD0:Orientation"}
    if format_ == "TIFF":
        told = {name for name in told if not name.startswith("EXIF:IFD0:")}
        assert "EXIF:IFD0:ImageDescription" not in tags
    assert told <= allowed
    assert not [name for name in tags if "Warning" in name or "Error" in name]


def test_real_photographs_keep_every_pixel():
    for name in photos.REAL_PHOTOS:
        data = photos.real_photo(name)
        assert pixels(prepare(data, limits=Limits()).original.data) == pixels(data)


def test_upright_picture_gets_no_exif_at_all():
    data = photos.encoded(PICTURE, "JPEG", exif=photos.camera_exif(orientation=1))

    assert b"Exif" not in metadata_jpeg.strip(data)


def test_jfif_keeps_its_density_and_loses_its_thumbnail():
    data = photos.encoded(PICTURE, "JPEG", dpi=(72, 72))
    thumbnail = photos.SECRET[:9] * 3
    jfif = jpeg_segment(0xE0, data[6:18] + bytes([3, 3]) + thumbnail)

    kept = metadata_jpeg.strip(data[:2] + jfif + data[20:])

    assert kept == data


def test_adobe_marker_stays_so_that_cmyk_stays_right():
    data = photos.encoded(photos.corners().convert("CMYK"), "JPEG")

    assert b"Adobe" in metadata_jpeg.strip(data)


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_rows": 1}])
def test_scans_are_copied_whole(options):
    data = photos.encoded(PICTURE, "JPEG", **options)

    assert metadata_jpeg.strip(data) == data


def test_jpeg_within_the_metadata_is_not_taken_for_the_picture():
    inner = jpeg_segment(0xE1, b"Exif\0\0" + photos.real_thumbnail())
    data = photos.encoded(PICTURE, "JPEG")

    assert metadata_jpeg.strip(data[:2] + inner + data[2:]) == data


def test_second_picture_of_an_mpo_is_cut():
    data = photos.animated("MPO")

    kept = metadata_jpeg.strip(data)

    assert kept.count(b"\xff\xd8\xff") == 1
    assert b"MPF\0" not in kept


def test_plain_webp_is_copied_as_it_is():
    data = photos.encoded(PICTURE, "WEBP")

    assert metadata_webp.strip(data) == data


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": photos.camera_exif()}])
def test_webp_states_its_size(options):
    assert metadata_webp.size_of(photos.encoded(PICTURE, "WEBP", **options)) == (400, 300)


def test_gif_without_its_trailer_gets_one():
    data = photos.encoded(PICTURE, "GIF")

    assert metadata_gif.strip(data[:-1]) == data


def test_png_transparency_and_density_stay():
    data = photos.encoded(PICTURE.convert("P"), "PNG", transparency=3, dpi=(96, 96))

    assert metadata_png.strip(data) == data


@pytest.mark.parametrize("orientation", photos.ORIENTATIONS)
def test_orientation_survives_its_own_writing(orientation):
    assert orientation_in(orientation_only(orientation)) == orientation
    assert orientation_in(b"Exif\0\0" + orientation_only(orientation)) == orientation


@pytest.mark.parametrize(
    "exif",
    [b"", b"Exif\0\0", b"II*\0", b"MM\0*\xff\xff\xff\xff", *map(orientation_only, (0, 9))],
)
def test_broken_exif_means_upright(exif):
    assert orientation_in(exif) == 1


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(struct.pack(">HHH", 1, 0, 0xFFFF), id="extents-of-no-bytes"),
        pytest.param(struct.pack(">HHH", 1, 0, 1), id="whole-file-again-and-again"),
    ],
)
def test_item_table_that_states_billions_is_refused_at_once(entry):
    table = bytes(6) + struct.pack(">H", 60_000) + entry * 60_000
    meta = box(b"meta", bytes(4) + box(b"iloc", table))

    with pytest.raises(ValueError, match="items"):
        metadata_isobmff.strip(box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta)


def test_unknown_boxes_are_freed_and_sequences_lose_what_they_tell():
    header = bytes(4) + struct.pack(">II", 3_900_000_000, 3_900_000_001) + bytes(88)
    moov = box(b"moov", box(b"mvhd", header) + box(b"udta", photos.SECRET))
    data = box(b"ftyp", b"msf1\0\0\0\0hevc") + box(b"uuid", photos.SECRET) + moov

    kept = metadata_isobmff.strip(data + box(b"mpvd", photos.SECRET))

    assert photos.SECRET not in kept
    assert len(kept) == len(data)
    assert kept.count(b"free") == 2
    assert struct.pack(">I", 3_900_000_000) not in kept


def test_boxes_nested_without_end_are_undecodable_not_a_crash():
    nested = struct.pack(">I4s", 0, b"moov") * 5_000

    with pytest.raises(Permanent, match="damaged"):
        prepare(box(b"ftyp", b"avif\0\0\0\0avif") + nested, limits=Limits())
