"""Deleting over HTTP: what is answered, and what is there no more."""

import uuid
from typing import Any

import pytest
from aiohttp import ClientResponse

from services.gateway.erasure import Eraser
from services.gateway.erasure_jobs import ErasureJobs, Held
from services.gateway.identifiers import ImageIds
from shared.control_items import ControlItems
from shared.item_store import ItemStore
from shared.object_store import ObjectStore, image_object_key, upload_key
from shared.records import ImageRecord, Status
from tests.integration.gateway.conftest import Gateway

NOW = "2026-11-22T12:00:00.000Z"
CONFIRMED = {"confirm": "delete my data"}


async def photo(gateway: Gateway, user: str | None = None, **changes: Any) -> ImageRecord:
    """A finished photo: two objects, one of them twice."""
    user_id, image_id = user or gateway.user, ImageIds().new()
    values: dict[str, Any] = {
        "user_id": user_id,
        "image_id": image_id,
        "status": Status.COMPLETED,
        "job": uuid.uuid4().hex,
        "ttl": 4_000_000_000,
        "timestamp": NOW,
        "updated_at": NOW,
        "hop_started_at": NOW,
        "upload_key": upload_key(user_id, image_id),
    }
    record = ImageRecord(**values | changes)
    objects = ObjectStore(gateway.aws.s3, gateway.settings.images_bucket)
    for name in ("original.jpg", "original.jpg", "thumbnail.jpg"):
        key = image_object_key(user_id, image_id, name)
        await objects.put(key, b"pixels", content_type="image/jpeg")
    await gateway.records.create(record)
    return record


async def versions(gateway: Gateway, user: str | None = None) -> int:
    listing = await gateway.aws.s3.list_object_versions(
        Bucket=gateway.settings.images_bucket, Prefix=f"images/{user or gateway.user}/"
    )
    return len(listing.get("Versions", [])) + len(listing.get("DeleteMarkers", []))


async def delete(gateway: Gateway, path: str, **arguments: Any) -> ClientResponse:
    return await gateway.http.delete(path, headers=gateway.auth(), **arguments)


async def get(gateway: Gateway, path: str) -> ClientResponse:
    return await gateway.http.get(path, headers=gateway.auth())


async def test_a_deleted_image_is_gone_with_every_version(gateway: Gateway) -> None:
    record, kept = await photo(gateway), await photo(gateway)

    response = await delete(gateway, f"/v1/images/{record.image_id.upper()}")

    assert response.status == 204
    assert await response.read() == b""
    assert (await get(gateway, f"/v1/images/{record.image_id}")).status == 404
    listed = (await (await get(gateway, "/v1/images")).json())["items"]
    assert [item["image_id"] for item in listed] == [kept.image_id]
    assert await versions(gateway) == 3


async def test_deleting_twice_or_what_never_was_is_204(gateway: Gateway) -> None:
    record = await photo(gateway)
    await delete(gateway, f"/v1/images/{record.image_id}")

    assert (await delete(gateway, f"/v1/images/{record.image_id}")).status == 204
    assert (await delete(gateway, f"/v1/images/{ImageIds().new()}")).status == 204


async def test_somebody_else_s_image_stays_and_the_answer_does_not_tell(gateway: Gateway) -> None:
    other = gateway.as_somebody()
    record = await photo(other)

    response = await delete(gateway, f"/v1/images/{record.image_id}")

    assert response.status == 204
    assert await versions(other) == 3
    assert (await get(other, f"/v1/images/{record.image_id}")).status == 200


async def test_what_is_no_id_is_404(gateway: Gateway) -> None:
    response = await delete(gateway, "/v1/images/no-id")

    assert response.status == 404
    assert (await response.json())["code"] == "not_found"


@pytest.mark.parametrize(
    "body", [{}, {"confirm": "yes"}, {"confirm": True}, {"confirm": "Delete my data"}]
)
async def test_without_the_sentence_nothing_is_deleted(
    gateway: Gateway, body: dict[str, Any]
) -> None:
    await photo(gateway)

    response = await delete(gateway, "/v1/me/data", json=body)

    problem = await response.json()
    assert response.status == 422
    assert [error["pointer"] for error in problem["errors"]] == ["/confirm"]
    assert await versions(gateway) == 3


async def test_deleting_everything_answers_a_receipt_that_can_be_had_again(
    gateway: Gateway,
) -> None:
    other = gateway.as_somebody()
    await photo(other)
    for _ in range(3):
        await photo(gateway)

    response = await delete(gateway, "/v1/me/data", json=CONFIRMED)

    receipt = await response.json()
    assert response.status == 200
    assert receipt["status"] == "completed"
    assert receipt["deleted"] == {"records": 3, "objects": 6, "object_versions": 9}
    assert receipt["requested_at"] <= receipt["completed_at"]
    path = f"/v1/me/data/deletions/{receipt['deletion_id']}"
    assert await (await get(gateway, path)).json() == receipt
    assert (await get(other, path)).status == 404
    assert await versions(gateway) == 0
    assert await versions(other) == 3


async def test_a_user_who_has_nothing_gets_a_receipt_too(gateway: Gateway) -> None:
    response = await delete(gateway, "/v1/me/data", json=CONFIRMED)

    assert response.status == 200
    assert (await response.json())["deleted"]["records"] == 0


async def test_while_one_runs_elsewhere_the_answer_is_202_and_where_to_look(
    gateway: Gateway,
) -> None:
    await photo(gateway)
    items = ItemStore(gateway.aws.dynamodb, gateway.settings.records_table)
    secret = gateway.settings.user_hash_key.get_secret_value().encode()
    jobs = ErasureJobs(ControlItems(items, secret), lifetime=1e6)
    held = await jobs.begin(gateway.user)
    assert isinstance(held, Held)

    response = await delete(gateway, "/v1/me/data", json=CONFIRMED)

    running = await response.json()
    assert response.status == 202
    assert (running["status"], running["completed_at"]) == ("running", None)
    assert response.headers["Location"] == f"/v1/me/data/deletions/{held.erasure.deletion_id}"
    assert response.headers["Retry-After"] == "1"
    assert (await (await get(gateway, "/v1/images")).json())["items"] == []

    objects = ObjectStore(gateway.aws.s3, gateway.settings.images_bucket)
    await Eraser(jobs, items, gateway.records, objects).run(held)

    receipt = await (await get(gateway, response.headers["Location"])).json()
    assert receipt["status"] == "completed"
    assert receipt["deleted"] == {"records": 1, "objects": 2, "object_versions": 3}


async def test_an_unknown_deletion_is_404(gateway: Gateway) -> None:
    response = await get(gateway, f"/v1/me/data/deletions/{ImageIds().new()}")

    assert response.status == 404
