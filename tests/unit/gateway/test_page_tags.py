"""Tags of pages: the same for the same page, and good only while its URLs open for a while."""

import pytest
from aiohttp import ETag

from services.gateway.identifiers import ImageIds
from services.gateway.page_tags import FRESH_S, kept, tag_of
from shared.items import to_item
from shared.record_store import Page
from shared.records import ImageRecord

NOW = 1_790_000_000.0
END = NOW + 3600
SCOPE = ("ana", None, None, None)
IMAGE_ID = ImageIds().new()


def page(
    *versions: int, position: str | None = None, image_id: str = IMAGE_ID, user: str = "ana"
) -> Page:
    records = [
        ImageRecord.model_validate(
            {
                "user_id": user,
                "image_id": image_id,
                "status": "queued",
                "version": version,
                "job": "j",
                "ttl": 4_000_000_000,
                "timestamp": "t",
                "updated_at": "t",
                "hop_started_at": "t",
                "upload_key": "k",
            }
        )
        for version in versions
    ]
    return Page([to_item(record) for record in records], position)


HELD = tag_of(page(1, 2), SCOPE, urls_end=END)


def test_a_page_is_kept_until_its_urls_are_about_to_end() -> None:
    later = tag_of(page(1, 2), SCOPE, urls_end=END + 3000)

    assert kept([HELD], later, now=END - FRESH_S) == HELD
    assert kept([HELD], later, now=END - FRESH_S + 1) is None


@pytest.mark.parametrize(
    ("other", "scope"),
    [
        pytest.param(page(1, 3), SCOPE, id="another version"),
        pytest.param(page(1), SCOPE, id="an image less"),
        pytest.param(page(2, 1), SCOPE, id="another order"),
        pytest.param(page(1, 2, image_id="x"), SCOPE, id="other images"),
        pytest.param(page(1, 2, position="p"), SCOPE, id="another page follows"),
        pytest.param(page(1, 2), ("eve", None, None, None), id="another user"),
        pytest.param(page(1, 2), ("ana", None, "None", None), id="another filter"),
    ],
)
def test_another_page_is_sent(other: Page, scope: tuple[str | None, ...]) -> None:
    current = tag_of(other, scope, urls_end=END)

    assert kept([HELD], current, now=NOW) is None


def test_whoever_signed_later_knows_the_page_by_the_tag_it_has() -> None:
    current = tag_of(page(1, 2), SCOPE, urls_end=END + 300.5)

    assert kept([ETag("x"), HELD, current], current, now=NOW) == HELD


def test_a_strong_tag_is_compared_weakly() -> None:
    assert kept([ETag(HELD.value)], HELD, now=NOW) == HELD


def test_a_star_stands_for_the_page_there_is() -> None:
    assert kept([ETag("*")], HELD, now=END) == HELD


@pytest.mark.parametrize("end", ["", ".", ".x", ".-1", ".²", "." + "0" * 5000])
def test_a_tag_not_of_our_making_is_no_page(end: str) -> None:
    digest = HELD.value.partition(".")[0]

    assert kept([ETag(digest + end)], HELD, now=NOW) is None
