import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.media import HEAD_BYTES, MediaType, media_type_of
from tests.photos import encoded, real_photo, real_picture


def ftyp(*brands: bytes) -> bytes:
    box = b"ftyp" + brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    return (len(box) + 4).to_bytes(4) + box


@pytest.mark.parametrize(
    ("format_", "expected"),
    [
        ("JPEG", MediaType.JPEG),
        ("PNG", MediaType.PNG),
        ("WEBP", MediaType.WEBP),
        ("GIF", MediaType.GIF),
        ("AVIF", MediaType.AVIF),
        ("TIFF", MediaType.TIFF),
    ],
)
def test_what_pillow_writes_is_recognised_by_its_head(format_, expected):
    data = encoded(real_picture().resize((32, 32)), format_)

    assert media_type_of(data[:HEAD_BYTES]) is expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        pytest.param(ftyp(b"heic", b"mif1"), MediaType.HEIC, id="iphone"),
        pytest.param(ftyp(b"hevc", b"msf1"), MediaType.HEIC, id="image-sequence"),
        pytest.param(ftyp(b"mif1", b"heic"), MediaType.HEIC, id="heic-in-container-brand"),
        pytest.param(ftyp(b"mif1", b"avif"), MediaType.AVIF, id="avif-in-container-brand"),
        pytest.param(ftyp(b"avis", b"msf1"), MediaType.AVIF, id="avif-sequence"),
        pytest.param(ftyp(b"mif1", b"miaf"), MediaType.HEIF, id="container-brand-only"),
        pytest.param(ftyp(b"isom", b"mp42"), None, id="video"),
        pytest.param(b"MM\0*\0\0\0\x08", MediaType.TIFF, id="big-endian-tiff"),
        pytest.param(b"II+\0\x08\0\0\0", None, id="bigtiff"),
        pytest.param(b"RIFF\0\0\0\0WAVE", None, id="sound"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0", None, id="eps"),
        pytest.param(b"<svg xmlns=", None, id="svg"),
        pytest.param(b"BM6\0\0\0", None, id="bmp"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_signature_decides(head, expected):
    assert media_type_of(head) is expected


def test_real_photographs_are_recognised():
    assert media_type_of(real_photo("china")) is MediaType.JPEG
    assert media_type_of(real_photo("coffee")) is MediaType.PNG


def test_extension_and_content_type_belong_together():
    assert {(kind.extension, kind.content_type) for kind in MediaType} >= {
        ("jpg", "image/jpeg"),
        ("heic", "image/heic"),
    }


@given(st.binary(max_size=100))
def test_any_head_has_an_answer(head):
    assert media_type_of(head) in {None, *MediaType}


@given(st.binary(max_size=60))
def test_any_brands_have_an_answer(rest):
    assert media_type_of(b"\0\0\0\x40ftyp" + rest) in {None, *MediaType}
