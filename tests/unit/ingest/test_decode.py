import io
import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from services.ingest import decode
from services.ingest.decode import Limits, identify, pixels_of
from services.ingest.renditions import prepare
from shared.errors import Permanent
from shared.media import MediaType
from tests import photos

LIMITS = Limits()
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF"]
SMALL = {
    format_: photos.encoded(
        photos.real_picture().resize((96, 64)), format_, exif=photos.camera_exif(orientation=6)
    )
    for format_ in FORMATS
}
MANY = settings(max_examples=150)


def code_of(data: bytes, limits: Limits = LIMITS) -> str | None:
    """The failure's code, or None for a picture that could be prepared."""
    try:
        prepare(data, limits=limits)
    except Permanent as refused:
        return refused.code
    return None


@pytest.mark.parametrize("format_", FORMATS)
def test_pixels_are_counted_without_decoding(format_):
    assert pixels_of(SMALL[format_], identify(SMALL[format_])) == 96 * 64


def test_truncated_jpeg_is_undecodable():
    assert code_of(photos.truncated_jpeg()) == "undecodable_image"


def test_jpeg_that_only_lacks_its_end_is_undecodable():
    assert code_of(photos.real_photo()[:-2]) == "undecodable_image"


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (b"hello", LIMITS),
        (photos.truncated_jpeg(), LIMITS),
        (photos.real_photo(), Limits(bytes=1000)),
        (photos.real_photo(), Limits(pixels=1000)),
    ],
)
def test_refusal_is_a_sentence_for_the_owner(data, limits):
    with pytest.raises(Permanent, match=r"^This (picture|file) .+\.$"):
        prepare(data, limits=limits)


@pytest.mark.parametrize("name", ["china", "coffee"])
@pytest.mark.parametrize("keep", [0, 1, 2, 3, 10, 100, 1000, 20000])
def test_real_photo_cut_anywhere_is_refused(name, keep):
    assert code_of(photos.real_photo(name)[:keep]) in {
        "undecodable_image",
        "unsupported_media_type",
    }


@MANY
@given(st.data())
def test_cut_file_raises_nothing_but_permanent(data):
    whole = SMALL[data.draw(st.sampled_from(FORMATS))]
    keep = data.draw(st.integers(0, len(whole)))

    assert code_of(whole[:keep]) in {None, "undecodable_image", "unsupported_media_type"}


@MANY
@given(st.data())
def test_changed_bytes_raise_nothing_but_permanent(data):
    changed = bytearray(SMALL[data.draw(st.sampled_from(FORMATS))])
    places = st.tuples(st.integers(0, len(changed) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, min_size=1, max_size=8)):
        changed[place] = value

    code_of(bytes(changed))


@MANY
@given(st.sampled_from(FORMATS), st.integers(2, 64), st.binary(max_size=300))
def test_random_bytes_after_a_true_head_raise_nothing_but_permanent(format_, head, rest):
    code_of(SMALL[format_][:head] + rest)


@MANY
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data):
    assert code_of(data) in {"unsupported_media_type", "undecodable_image"}


def webp_stating(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_stating(width: int, height: int) -> bytes:
    data = bytearray(photos.real_photo())
    frame = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, height, width)
    return bytes(data)


def gif_stating(width: int, height: int) -> bytes:
    data = bytearray(SMALL["GIF"])
    struct.pack_into("<HH", data, 6, width, height)
    return bytes(data)


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(photos.png_header_only(30_000, 30_000), id="png"),
        pytest.param(photos.png_header_only(9_000, 9_000), id="png-below-pillow's-own-limit"),
        pytest.param(photos.png_header_only(11_000, 11_000), id="png-at-pillow's-warning"),
        pytest.param(photos.png_header_only(2**31 - 1, 2**31 - 1), id="png-largest"),
        pytest.param(webp_stating(16_384, 16_384), id="webp"),
        pytest.param(jpeg_stating(65_000, 65_000), id="jpeg"),
        pytest.param(gif_stating(65_000, 65_000), id="gif"),
    ],
)
def test_bomb_is_refused_before_anything_is_allocated(bomb):
    tracemalloc.start()
    before = resident_bytes()

    assert code_of(bomb) == "image_too_many_pixels"

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
    assert resident_bytes() - before < 20_000_000


def test_real_bomb_of_a_few_kilobytes_is_refused():
    bomb = photos.png_bomb(20_000, 20_000)
    assert len(bomb) < 100_000

    assert code_of(bomb) == "image_too_many_pixels"
    assert pixels_of(bomb, MediaType.PNG) == 400_000_000


def test_exactly_the_limit_is_allowed():
    data = photos.encoded(Image.new("1", (100, 50)), "PNG")

    assert code_of(data, Limits(pixels=5_000)) is None
    assert code_of(data, Limits(pixels=4_999)) == "image_too_many_pixels"


def test_too_many_bytes_are_refused_before_the_type_is_looked_at():
    assert code_of(b"x" * 11, Limits(bytes=10)) == "image_too_large"


def test_progressive_jpeg_with_hundreds_of_scans_is_refused():
    data = photos.encoded(photos.corners(), "JPEG", progressive=True)
    first, last = data.index(b"\xff\xda"), data.rindex(b"\xff\xda")

    bomb = data[:last] + data[last:-2] * 200 + b"\xff\xd9"

    assert first < last
    assert code_of(bomb) == "undecodable_image"


def test_picture_that_is_no_accepted_format_is_unsupported():
    for format_ in ("BMP", "ICO", "PPM", "EPS", "TGA", "PCX"):
        assert code_of(photos.encoded(photos.corners(32, 32), format_)) == "unsupported_media_type"


def test_name_of_one_format_on_the_bytes_of_another_is_no_matter():
    assert code_of(photos.encoded(photos.corners(), "PNG")) is None


def test_heic_without_its_decoder_is_unsupported_and_says_so(monkeypatch):
    monkeypatch.setattr(decode, "_HEIF_INSTALLED", False)

    with pytest.raises(Permanent, match="HEIC pictures can't be read") as refused:
        prepare(SMALL["HEIF"], limits=LIMITS)

    assert refused.value.code == "unsupported_media_type"


def test_importing_does_not_loosen_pillow():
    assert Image.MAX_IMAGE_PIXELS is not None
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(photos.truncated_jpeg())).load()


def resident_bytes() -> int:
    with open("/proc/self/statm") as statm:  # noqa: PTH123 - a kernel file
        return int(statm.read().split()[1]) * 4096
