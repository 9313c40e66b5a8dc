"""``/v1/uploads``: the form is as narrow as it says, and an upload becomes one image at most."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientResponse, FormData

from shared.item_store import ItemStore
from shared.items import user_key
from shared.records import Status
from shared.usage import ACCEPTED, usage_of
from tests.integration.gateway.conftest import Gateway, Serve, clients, gateway_on, provision
from tests.integration.gateway.issuer import Issuer

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))
ASKED = {"content_type": "image/jpeg", "bytes": 1000}


@pytest.fixture
async def on_ministack(
    aws: str, ministack: str, monkeypatch: pytest.MonkeyPatch, issuer: Issuer
) -> AsyncIterator[Gateway]:
    """A gateway on the emulator that enforces signatures and policies, which moto does not."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    async with clients(ministack) as made, gateway_on(made, await provision(made), issuer) as it:
        yield it


async def begin(gateway: Gateway, **changes: Any) -> dict[str, Any]:
    """The form for an upload."""
    response = await gateway.http.post("/v1/uploads", json=ASKED | changes, headers=gateway.auth())
    assert response.status == 201, await response.text()
    body: dict[str, Any] = await response.json()
    return body


async def send(gateway: Gateway, form: dict[str, Any], data: bytes = JPEG, **changes: str) -> int:
    """POST ``data`` with the form's fields; the status."""
    body = FormData()
    for name, value in (form["fields"] | changes).items():
        body.add_field(name, value)
    body.add_field("file", data, filename="photo")
    async with gateway.http.post(form["url"], data=body) as response:
        return response.status


async def complete(gateway: Gateway, form: dict[str, Any]) -> ClientResponse:
    """Ask for the image that the upload becomes."""
    return await gateway.http.post(
        f"/v1/uploads/{form['upload_id']}/complete", headers=gateway.auth()
    )


async def store(gateway: Gateway, form: dict[str, Any], data: bytes = JPEG) -> str:
    """Put ``data`` where the form would; the version."""
    put = await gateway.aws.s3.put_object(
        Bucket=gateway.settings.images_bucket, Key=form["fields"]["key"], Body=data
    )
    return str(put["VersionId"])


async def outdate(gateway: Gateway, form: dict[str, Any], *, by: float) -> None:
    """Let the upload have expired ``by`` seconds ago."""
    await gateway.aws.dynamodb.update_item(
        TableName=gateway.settings.records_table,
        Key=user_key(gateway.user, f"UPLOAD#{form['upload_id']}"),
        UpdateExpression="SET expires_at = :then",
        ExpressionAttributeValues={":then": {"N": str(time.time() - by)}},
    )


async def remaining(gateway: Gateway) -> int:
    response = await gateway.http.get("/v1/me", headers=gateway.auth())
    return int((await response.json())["quota"]["remaining"])


async def test_an_upload_past_the_gateway_becomes_an_image(on_ministack: Gateway) -> None:
    gateway = on_ministack
    kept = {"labels": False, "language": "de", "style": "dry", "keep_exif": True}
    options = {**kept, "batch": "b1"}
    form = await begin(gateway, options=options)

    posted = await send(gateway, form)
    response = await complete(gateway, form)
    again = await complete(gateway, form)

    assert posted in {200, 201, 204}
    body = await response.json()
    assert (response.status, body["status"], body["batch"]) == (202, "queued", "b1")
    assert response.headers["Location"] == f"/v1/images/{body['image_id']}"
    assert (again.status, await again.json()) == (202, body)
    [message] = await gateway.messages()
    sent = json.loads(message["Body"])
    assert (
        sent["upload_key"] == form["fields"]["key"] == f"incoming/{gateway.user}/{body['image_id']}"
    )
    assert sent["options"] == kept
    assert await remaining(gateway) == 59


async def test_completing_twice_counts_one_image(aws: str, issuer: Issuer) -> None:
    async with clients(aws) as made:
        async with gateway_on(made, await provision(made), issuer) as gateway:
            form = await begin(gateway)
            await store(gateway, form)

            answers = [await complete(gateway, form) for _ in range(2)]

        # The counts are written at the gateway's end at the latest.
        items = ItemStore(made.dynamodb, gateway.settings.records_table)
        usage = await usage_of(items, datetime.now(UTC).date())
    assert [answer.status for answer in answers] == [202, 202]
    assert usage.counts[ACCEPTED] == 1


async def test_completing_pins_the_version_that_is_there(on_ministack: Gateway) -> None:
    gateway = on_ministack
    form = await begin(gateway)
    version = await store(gateway, form)

    body = await (await complete(gateway, form)).json()
    await store(gateway, form, b"something else")

    record = await gateway.records.get(gateway.user, body["image_id"])
    assert record is not None
    assert record.upload_version == version


async def test_completing_twice_at_once_makes_one_image_and_one_job(on_ministack: Gateway) -> None:
    gateway = on_ministack
    form = await begin(gateway)
    await store(gateway, form)

    answers = await asyncio.gather(*(complete(gateway, form) for _ in range(8)))

    assert {answer.status for answer in answers} == {202}
    bodies = [await answer.json() for answer in answers]
    assert {body["image_id"] for body in bodies} == {form["upload_id"]}
    assert len(await gateway.messages()) == 1


@pytest.mark.parametrize(
    ("data", "changes"),
    [
        pytest.param(b"x" * 1001, {}, id="more bytes than announced"),
        pytest.param(b"", {}, id="no bytes"),
        pytest.param(JPEG, {"Content-Type": "text/html"}, id="another type"),
        pytest.param(JPEG, {"key": "incoming/eve/1"}, id="another key"),
        pytest.param(JPEG, {"acl": "public-read"}, id="a field of its own"),
        pytest.param(JPEG, {"x-amz-signature": "0" * 64}, id="a forged signature"),
    ],
)
async def test_what_the_form_does_not_allow_is_not_stored(
    on_ministack: Gateway, data: bytes, changes: dict[str, str]
) -> None:
    gateway = on_ministack
    form = await begin(gateway)

    status = await send(gateway, form, data, **changes)

    assert status in {400, 403}
    assert await gateway.objects() == []


async def test_nothing_there_yet_is_missing(gateway: Gateway) -> None:
    form = await begin(gateway)

    response = await complete(gateway, form)

    assert (response.status, (await response.json())["code"]) == (409, "upload_missing")
    await store(gateway, form)
    assert (await complete(gateway, form)).status == 202


async def test_too_late_is_gone_and_gives_the_unit_back_once(gateway: Gateway) -> None:
    form = await begin(gateway)
    await begin(gateway)
    await store(gateway, form)
    await outdate(gateway, form, by=61)

    first = await complete(gateway, form)
    second = await complete(gateway, form)

    problem = await first.json()
    assert (first.status, problem["code"], problem["retryable"]) == (410, "upload_expired", False)
    assert second.status == 410
    assert await remaining(gateway) == 59
    assert await gateway.objects() == []
    assert await gateway.records.get(gateway.user, form["upload_id"]) is None


async def test_a_file_that_was_under_way_has_a_minute_more(gateway: Gateway) -> None:
    late, never = await begin(gateway), await begin(gateway)
    await store(gateway, late)
    for form in (late, never):
        await outdate(gateway, form, by=30)

    assert (await complete(gateway, late)).status == 202
    assert (await complete(gateway, never)).status == 410


async def test_what_was_deleted_since_does_not_come_back(gateway: Gateway) -> None:
    form = await begin(gateway)
    await store(gateway, form)
    await complete(gateway, form)
    await gateway.http.delete(f"/v1/images/{form['upload_id']}", headers=gateway.auth())

    response = await complete(gateway, form)

    assert (response.status, (await response.json())["code"]) == (404, "not_found")
    assert await gateway.records.get(gateway.user, form["upload_id"]) is None


@pytest.mark.parametrize("upload_id", ["x", "0193a1b2-7c00-7000-8000-0123456789ab"])
async def test_an_unknown_upload_is_not_found(gateway: Gateway, upload_id: str) -> None:
    response = await complete(gateway, {"upload_id": upload_id})

    assert (response.status, (await response.json())["code"]) == (404, "not_found")


async def test_an_upload_of_somebody_else_is_not_found(gateway: Gateway) -> None:
    form = await begin(gateway)
    await store(gateway, form)

    response = await complete(gateway.as_somebody(), form)

    assert response.status == 404


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"bytes": 10 * 1024 * 1024 + 1}, 413, "image_too_large", id="too large"),
        pytest.param({"bytes": 0}, 422, "empty_image", id="empty"),
        pytest.param({"content_type": "image/svg+xml"}, 415, "unsupported_media_type", id="SVG"),
        pytest.param({"bytes": -1}, 422, "invalid_field", id="less than nothing"),
        pytest.param({"bytes": "9"}, 422, "invalid_field", id="a text for a number"),
        pytest.param({"bytes": 1.5}, 422, "invalid_field", id="half a byte"),
        pytest.param({"bytes": 10**40}, 413, "image_too_large", id="a huge number"),
        pytest.param({"name": "x"}, 422, "invalid_field", id="unknown field"),
        pytest.param({"options": {"labels": "true"}}, 422, "invalid_field", id="bad option"),
        pytest.param({"options": {"keep_exif": "true"}}, 422, "invalid_field", id="text for truth"),
        pytest.param({"options": {"batch": "a b"}}, 422, "invalid_field", id="bad batch"),
    ],
)
async def test_what_can_t_be_uploaded_is_refused_and_costs_nothing(
    gateway: Gateway, changes: dict[str, Any], status: int, code: str
) -> None:
    response = await gateway.http.post("/v1/uploads", json=ASKED | changes, headers=gateway.auth())

    assert (response.status, (await response.json())["code"]) == (status, code)
    assert await remaining(gateway) == 60


async def test_an_upload_costs_a_unit_when_it_begins(serve: Serve) -> None:
    gateway = await serve(quota_limit=1)
    form = await begin(gateway)

    refused = await gateway.http.post("/v1/uploads", json=ASKED, headers=gateway.auth())

    assert (refused.status, (await refused.json())["code"]) == (429, "quota_exceeded")
    assert int(refused.headers["Retry-After"]) > 0
    await store(gateway, form)
    assert (await complete(gateway, form)).status == 202


async def test_a_job_whose_message_was_not_sent_is_left_to_the_sweeper(serve: Serve) -> None:
    gateway = await serve(ingest_queue_url="http://127.0.0.1:9/nowhere")
    form = await begin(gateway)
    await store(gateway, form)

    response = await complete(gateway, form)

    assert response.status == 202
    record = await gateway.records.get(gateway.user, form["upload_id"])
    assert record is not None
    assert (record.status, record.sent) == (Status.QUEUED, False)
