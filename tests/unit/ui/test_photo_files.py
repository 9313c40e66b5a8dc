import pytest

from services.ui.photo_files import megabytes, rules
from shared.media import MediaType


def test_every_format_of_the_gateway_may_be_chosen():
    accept = rules()["accept"].split(",")

    assert all(media_type.content_type in accept for media_type in MediaType)
    assert {".jpg", ".jpeg", ".heic", ".tif"} <= set(accept)


def test_signatures_are_those_of_the_gateway():
    assert ["89504e470d0a1a0a", "image/png"] in rules()["signatures"]
    assert rules()["brands"]["heic"] == "image/heic"
    assert rules()["brands"]["avif"] == "image/avif"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("empty", "Choose the photo again"),
        ("not_a_photo", "Save it as JPEG"),
        ("too_large", "Save a smaller copy"),
        ("unsent", "try again"),
        ("too_many", "Add the others once more"),
    ],
)
def test_sentence_says_what_to_do(name, advice):
    assert advice in rules()["sentences"][name]


def test_sizes_read_like_sizes():
    assert megabytes(482 * 1024) == "482 KB"
    assert megabytes(11 * 1024 * 1024 + 200_000) == "11.2 MB"
