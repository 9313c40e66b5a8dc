import pytest

from services.ui.photo_files import MAX_BYTES, content_type_of, fault_of, megabytes

JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(JPEG, "image/jpeg", id="jpeg"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png", id="png"),
        pytest.param(b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", id="webp"),
        pytest.param(b"GIF89a" + bytes(20), "image/gif", id="gif"),
        pytest.param(b"\x00\x00\x00\x18ftypheic" + bytes(20), "image/heic", id="heic"),
        pytest.param(b"\x00\x00\x00\x18ftypavif" + bytes(20), "image/avif", id="avif"),
        pytest.param(b"MM\x00*" + bytes(20), "image/tiff", id="tiff"),
        pytest.param(b"hello", None, id="text"),
        pytest.param(b"RIFF\x00\x00\x00\x00WAVEfmt ", None, id="sound"),
        pytest.param(b"\x00\x00\x00\x18ftypisom" + bytes(20), None, id="video"),
    ],
)
def test_content_decides_the_type(data, content_type):
    assert content_type_of(data) == content_type


def test_photo_of_ten_mebibytes_is_sent():
    assert fault_of(JPEG.ljust(MAX_BYTES, b"x")) is None


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        pytest.param(b"", "Choose the photo again", id="empty"),
        pytest.param(b"hello", "Save it as JPEG", id="not-a-photo"),
        pytest.param(JPEG.ljust(MAX_BYTES + 1, b"x"), "Save a smaller copy", id="too-large"),
    ],
)
def test_fault_says_what_to_do(data, advice):
    fault = fault_of(data)

    assert fault is not None
    assert advice in fault.sentence


def test_sizes_read_like_sizes():
    assert megabytes(482 * 1024) == "482 KB"
    assert megabytes(11 * 1024 * 1024 + 200_000) == "11.2 MB"
