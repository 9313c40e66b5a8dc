"""``GET /v1/images/{id}``: ownership, versions, waiting."""

import asyncio
from typing import Any

import pytest

from shared.items import Update
from shared.records import ImageRecord, Label, Provider, Status, StoredImage
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_submission import JPEG


async def submitted(gateway: Gateway, user: str | None = None) -> str:
    response = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth(user))
    return str((await response.json())["image_id"])


async def move(gateway: Gateway, image_id: str, **fields: object) -> ImageRecord:
    """A change as a worker makes it."""
    update = Update().set(**fields).add("version", 1).when("{version} > :v", v=0)
    return await gateway.records.update(gateway.user, image_id, update)


async def read(gateway: Gateway, image_id: str, query: str = "", **headers: str) -> Any:
    return await gateway.http.get(
        f"/v1/images/{image_id}{query}",
        headers=gateway.auth() | {name.replace("_", "-"): v for name, v in headers.items()},
    )


async def test_somebody_elses_image_is_not_found(gateway: Gateway) -> None:
    image_id = await submitted(gateway, "eve")

    response = await read(gateway, image_id)

    assert response.status == 404
    assert (await response.json())["code"] == "not_found"


@pytest.mark.parametrize(
    "image_id",
    ["0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "nothing", "IMAGE%23x", "%2e%2e", "0193%0a"],
)
async def test_unknown_image_is_not_found(gateway: Gateway, image_id: str) -> None:
    assert (await read(gateway, image_id)).status == 404


async def test_completed_image_shows_everything_and_edits_win(gateway: Gateway) -> None:
    image_id = await submitted(gateway)
    stored = StoredImage(
        key=f"images/{gateway.user}/{image_id}/original.jpg",
        content_type="image/jpeg",
        bytes=10,
        width=4,
        height=3,
        sha256="ab",
    )
    await move(
        gateway,
        image_id,
        status=Status.COMPLETED,
        original=stored,
        thumbnail=stored,
        labels=["Cat"],
        label_details=[Label(name="Cat", confidence=0.98, source="local")],
        taken_at="2024-05-01T18:30:09+02:00",
        camera="Canon EOS R5",
        concise_caption="A cat",
        creative_caption="A cat, asleep.",
        alt_text="A cat.",
        caption_language="en",
        edited_concise="My cat",
        edited_at="2026-11-22T12:00:00.000Z",
        provider=Provider(name="local", model="m", degraded=True),
    )

    response = await read(gateway, image_id)

    body = await response.json()
    assert response.status == 200
    assert "Retry-After" not in response.headers
    assert body["captions"] == {
        "concise": "My cat",
        "creative": "A cat, asleep.",
        "alt_text": "A cat.",
        "language": "en",
        "edited": True,
        "edited_at": "2026-11-22T12:00:00.000Z",
    }
    assert body["labels"] == [{"name": "Cat", "confidence": 0.98, "source": "local"}]
    assert body["photo"] == {"taken_at": "2024-05-01T18:30:09+02:00", "camera": "Canon EOS R5"}
    assert body["original"]["sha256"] == "ab"
    assert "X-Amz-Signature" in body["thumbnail"]["url"]
    assert body["error"] is None


@pytest.mark.parametrize("tags", ['"1"', 'W/"1"', '"0", W/"1"', "*"])
async def test_known_version_is_not_sent_again(gateway: Gateway, tags: str) -> None:
    image_id = await submitted(gateway)

    response = await read(gateway, image_id, If_None_Match=tags)

    assert response.status == 304
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Retry-After"] == "1"
    assert await response.read() == b""


@pytest.mark.parametrize("tags", ['"2"', '"x"', '"2", "3"', "1"])
async def test_other_version_is_sent(gateway: Gateway, tags: str) -> None:
    image_id = await submitted(gateway)

    assert (await read(gateway, image_id, If_None_Match=tags)).status == 200


@pytest.mark.parametrize(
    ("query", "headers"),
    [("?wait=20", {}), ("", {"Prefer": "respond-async, wait=20"})],
    ids=["query", "prefer"],
)
async def test_wait_ends_with_the_next_version(
    gateway: Gateway, query: str, headers: dict[str, str]
) -> None:
    image_id = await submitted(gateway)
    waiting = asyncio.create_task(read(gateway, image_id, query, If_None_Match='"1"', **headers))
    await asyncio.sleep(0)

    await move(gateway, image_id, status=Status.INGESTING)
    response = await asyncio.wait_for(waiting, 5)

    assert response.status == 200
    assert (await response.json())["version"] == 2


async def test_wait_without_a_version_ends_when_the_photo_is_done(gateway: Gateway) -> None:
    image_id = await submitted(gateway)
    waiting = asyncio.create_task(read(gateway, image_id, "?wait=20"))

    await move(gateway, image_id, status=Status.INGESTING)
    await move(gateway, image_id, status=Status.COMPLETED)
    response = await asyncio.wait_for(waiting, 5)

    assert (await response.json())["status"] == "completed"


async def test_wait_without_news_ends_with_not_modified(gateway: Gateway) -> None:
    image_id = await submitted(gateway)

    response = await read(gateway, image_id, "?wait=1", If_None_Match='"1"')

    assert response.status == 304


@pytest.mark.parametrize("wait", ["21", "-1", "x", "1.5", ""])
async def test_wait_out_of_range_is_refused(gateway: Gateway, wait: str) -> None:
    response = await read(gateway, "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", f"?wait={wait}")

    assert response.status == 400
    assert (await response.json())["errors"][0]["pointer"] == "wait"
