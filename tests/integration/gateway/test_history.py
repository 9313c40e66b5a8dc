"""``GET /v1/images``: pages, filters, search, and cursors nobody can make or lend."""

from typing import Any

import pytest

from services.gateway.identifiers import ImageIds
from shared.items import Update
from shared.records import ImageRecord, Status
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.finished import finished

COUNT = 45


async def fill(gateway: Gateway, user: str | None = None) -> list[str]:
    """45 images, newest first: every third completed and of a café, every fifth in a batch."""
    ids = ImageIds()
    made = []
    for number in range(COUNT):
        record = ImageRecord(
            user_id=user or gateway.user,
            image_id=ids.new(),
            status=Status.COMPLETED if number % 3 == 0 else Status.QUEUED,
            job="j",
            ttl=4_000_000_000,
            timestamp="2026-11-22T12:00:00.000Z",
            updated_at="2026-11-22T12:00:00.000Z",
            hop_started_at="2026-11-22T12:00:00.000Z",
            upload_key="k",
            batch="trip" if number % 5 == 0 else None,
            concise_caption="A Café in the rain" if number % 3 == 0 else None,
            labels=("Straße",) if number % 3 == 1 else None,
        )
        await gateway.records.create(record)
        made.append(record.image_id)
    return made[::-1]


async def page(gateway: Gateway, query: str, user: str | None = None) -> tuple[int, dict[str, Any]]:
    response = await gateway.http.get(f"/v1/images{query}", headers=gateway.auth(user))
    return response.status, await response.json()


async def walk(gateway: Gateway, query: str) -> list[str]:
    """All ids of a listing, page after page."""
    found: list[str] = []
    cursor = ""
    for _ in range(COUNT + 1):
        status, body = await page(gateway, f"?{query}{cursor}")
        assert status == 200
        found += [item["image_id"] for item in body["items"]]
        if body["next_cursor"] is None:
            return found
        cursor = f"&cursor={body['next_cursor']}"
    raise AssertionError("the listing never ends")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", lambda n: True, id="default"),
        pytest.param("limit=7", lambda n: True, id="sevens"),
        pytest.param("limit=45", lambda n: True, id="exactly-all"),
        pytest.param("limit=100", lambda n: True, id="more-than-all"),
        pytest.param("limit=4&status=completed", lambda n: n % 3 == 0, id="status"),
        pytest.param("limit=4&batch=trip", lambda n: n % 5 == 0, id="batch"),
        pytest.param("limit=4&batch=trip&status=completed", lambda n: n % 15 == 0, id="both"),
        pytest.param("limit=4&status=failed", lambda n: False, id="none"),
        pytest.param("limit=4&q=CAFE", lambda n: n % 3 == 0, id="search-caption"),
        pytest.param("limit=4&q=strasse", lambda n: n % 3 == 1, id="search-label"),
        pytest.param("q=tea", lambda n: False, id="search-none"),
    ],
)
async def test_pages_give_every_image_once_newest_first(
    gateway: Gateway, query: str, expected: Any
) -> None:
    ids = await fill(gateway)
    await fill(gateway, gateway.as_somebody().user)

    found = await walk(gateway, query)

    assert found == [image for at, image in enumerate(ids) if expected(COUNT - 1 - at)]


async def test_page_has_twenty_by_default(gateway: Gateway) -> None:
    await fill(gateway)

    _, body = await page(gateway, "")

    assert len(body["items"]) == 20


async def test_cursor_is_good_only_for_its_user_and_filters(gateway: Gateway) -> None:
    await fill(gateway)
    _, body = await page(gateway, "?limit=5&status=queued")
    cursor = body["next_cursor"]

    assert (await page(gateway, f"?limit=9&status=queued&cursor={cursor}"))[0] == 200
    refused = [
        await page(gateway, f"?status=queued&cursor={cursor}", "eve"),
        await page(gateway, f"?cursor={cursor}"),
        await page(gateway, f"?status=queued&q=x&cursor={cursor}"),
        await page(gateway, f"?status=queued&cursor={cursor[:-1]}"),
        await page(gateway, "?cursor=x"),
        await page(gateway, "?cursor="),
    ]

    assert [(status, body["code"]) for status, body in refused] == [(400, "invalid_cursor")] * 6


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("?limit=0", "limit"),
        ("?limit=101", "limit"),
        ("?limit=x", "limit"),
        ("?status=lost", "status"),
        ("?batch=a/b", "batch"),
    ],
)
async def test_nonsense_is_refused_by_name(gateway: Gateway, query: str, pointer: str) -> None:
    status, body = await page(gateway, query)

    assert (status, body["code"]) == (400, "malformed_request")
    assert body["errors"][0]["pointer"] == pointer


async def again(gateway: Gateway, tag: str, query: str = "") -> Any:
    """The listing, for a client that has the page with this tag."""
    return await gateway.http.get(
        f"/v1/images{query}", headers=gateway.auth() | {"If-None-Match": tag}
    )


async def tag_of(gateway: Gateway, query: str = "") -> str:
    response = await gateway.http.get(f"/v1/images{query}", headers=gateway.auth())
    return response.headers["ETag"]


@pytest.mark.parametrize("query", ["", "?limit=5", "?status=completed", "?q=cafe"])
async def test_a_page_that_the_client_has_is_not_sent_again(gateway: Gateway, query: str) -> None:
    await fill(gateway)
    first = await gateway.http.get(f"/v1/images{query}", headers=gateway.auth())
    tag = first.headers["ETag"]

    response = await again(gateway, f'"x", {tag}', query)

    assert response.status == 304
    assert await response.read() == b""
    assert tag.startswith('W/"')
    kept = ("ETag", "Cache-Control", "X-Content-Type-Options")
    assert [response.headers[name] for name in kept] == [first.headers[name] for name in kept]


async def test_a_change_of_one_photo_is_a_new_page(gateway: Gateway) -> None:
    ids = await fill(gateway)
    tag = await tag_of(gateway)

    update = Update().add("version", 1).when("{version} > :v", v=0)
    await gateway.records.update(gateway.user, ids[7], update)

    assert (await again(gateway, tag)).status == 200


async def test_a_photo_more_or_less_is_a_new_page(gateway: Gateway) -> None:
    await finished(gateway, b"one")
    tags = [await tag_of(gateway)]
    second = await finished(gateway, b"two")
    tags.append(await tag_of(gateway))
    await gateway.http.delete(f"/v1/images/{second.image_id}", headers=gateway.auth())

    assert [(await again(gateway, tag)).status for tag in tags] == [304, 200]


async def test_a_page_of_another_listing_is_no_page_of_this(gateway: Gateway) -> None:
    await finished(gateway, b"one", batch="trip")

    assert (await again(gateway, await tag_of(gateway, "?batch=trip"))).status == 200
    assert (await again(gateway, await tag_of(gateway.as_somebody()))).status == 200


async def test_urls_that_are_about_to_end_are_sent_anew(gateway: Gateway) -> None:
    await finished(gateway, b"one")
    digest, _, end = (await tag_of(gateway)).removesuffix('"').rpartition(".")

    old = await again(gateway, f'{digest}.{int(end) - 46 * 60}"')
    fresh = await again(gateway, f'{digest}.{int(end) - 30 * 60}"')

    assert (old.status, fresh.status) == (200, 304)
    assert fresh.headers["ETag"] == f'{digest}.{int(end) - 30 * 60}"'
    assert f'.{end}"' in old.headers["ETag"]


async def test_an_image_past_its_retention_is_not_listed(gateway: Gateway) -> None:
    kept = await finished(gateway, b"one")
    await finished(gateway, b"two", ttl=1)  # DynamoDB takes days to delete it

    _, body = await page(gateway, "")

    assert [item["image_id"] for item in body["items"]] == [kept.image_id]
