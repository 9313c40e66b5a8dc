"""``POST /v1/images``: what is taken in, what is refused, and that nothing half-stored stays."""

import gzip
import hashlib
import json

import pytest
from aiohttp import FormData

from shared.object_store import ObjectStore
from tests.integration.gateway.conftest import Aws, Gateway, gateway_on, provision
from tests.integration.gateway.issuer import Issuer

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40


async def test_raw_upload_is_accepted_stored_and_sent_on(gateway: Gateway) -> None:
    response = await gateway.http.post(
        "/v1/images?language=de&batch=holiday-1", data=JPEG, headers=gateway.auth()
    )

    body = await response.json()
    assert response.status == 202
    assert response.headers["Location"] == f"/v1/images/{body['image_id']}"
    assert response.headers["Retry-After"] == "1"
    assert body["status"] == "queued"
    assert body["batch"] == "holiday-1"
    assert body["captions"] is None
    assert await gateway.objects() == [f"incoming/{gateway.user}/{body['image_id']}"]
    [message] = await gateway.messages()
    sent = json.loads(message["Body"])
    assert sent["image_id"] == body["image_id"]
    assert sent["options"] == {"labels": True, "language": "de", "keep_exif": False}


async def test_form_upload_is_accepted_with_options_on_either_side(gateway: Gateway) -> None:
    form = FormData()
    form.add_field("style", "dry")
    form.add_field("image", JPEG, filename="a.txt", content_type="text/plain")
    form.add_field("labels", "false")

    response = await gateway.http.post("/v1/images", data=form, headers=gateway.auth())

    body = await response.json()
    assert response.status == 202
    record = await gateway.records.get(gateway.user, body["image_id"])
    assert record is not None
    assert (record.options.style, record.options.labels) == ("dry", False)
    read = await gateway.aws.s3.get_object(
        Bucket=gateway.settings.images_bucket, Key=record.upload_key
    )
    assert await read["Body"].read() == JPEG


@pytest.mark.parametrize("media_type", ["Multipart/Form-Data", "multipart/form-data "])
async def test_a_form_is_known_by_its_media_type_however_it_is_written(
    gateway: Gateway, media_type: str
) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + JPEG + b"\r\n--b--\r\n"
    headers = gateway.auth() | {"Content-Type": f"{media_type}; boundary=b"}

    response = await gateway.http.post("/v1/images", data=part, headers=headers)

    body = await response.json()
    assert response.status == 202
    record = await gateway.records.get(gateway.user, body["image_id"])
    assert record is not None
    assert record.upload_sha256 == hashlib.sha256(JPEG).hexdigest()


@pytest.mark.parametrize(("asked", "kept"), [("true", True), ("false", False)])
async def test_date_and_camera_are_kept_only_for_who_asks(
    gateway: Gateway, asked: str, kept: bool
) -> None:
    form = FormData()
    form.add_field("image", JPEG, filename="a.jpg")
    form.add_field("keep_exif", asked)

    formed = await gateway.http.post("/v1/images", data=form, headers=gateway.auth())
    raw = await gateway.http.post(
        f"/v1/images?keep_exif={asked}", data=JPEG, headers=gateway.auth()
    )

    for response in (formed, raw):
        body = await response.json()
        assert (response.status, body["photo"]) == (202, None)
        record = await gateway.records.get(gateway.user, body["image_id"])
        assert record is not None
        assert record.options.keep_exif is kept


async def test_submitted_image_can_be_read(gateway: Gateway) -> None:
    submitted = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())

    response = await gateway.http.get(submitted.headers["Location"], headers=gateway.auth())

    assert response.status == 200
    assert response.headers["ETag"] == '"1"'
    assert await response.json() == await submitted.json()


async def test_trace_of_the_request_goes_on_with_the_message(gateway: Gateway) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = gateway.auth() | {
        "traceparent": f"00-{trace_id}-b7ad6b7169203331-01",
        "baggage": "from=a-stranger",
    }

    await gateway.http.post("/v1/images", data=JPEG, headers=headers)

    [message] = await gateway.messages()
    attributes = message["MessageAttributes"]
    assert trace_id in attributes["traceparent"]["StringValue"]
    assert set(attributes) == {"traceparent"}


async def test_version_of_an_upload_is_known_unless_an_earlier_request_may_have_made_one(
    gateway: Gateway,
) -> None:
    plain = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())
    keyed = await gateway.http.post(
        "/v1/images", data=JPEG, headers=gateway.auth() | {"Idempotency-Key": "k"}
    )

    known = []
    for response in (plain, keyed):
        record = await gateway.records.get(gateway.user, (await response.json())["image_id"])
        assert record is not None
        newest = await ObjectStore(gateway.aws.s3, gateway.settings.images_bucket).newest(
            record.upload_key
        )
        known.append((record.upload_once, record.upload_version == newest))
    assert known == [(True, True), (False, False)]


async def test_encoded_body_is_refused(gateway: Gateway) -> None:
    response = await gateway.http.post(
        "/v1/images",
        data=gzip.compress(JPEG),
        headers=gateway.auth() | {"Content-Encoding": "gzip"},
    )

    assert response.status == 415


async def test_sent_hop_is_marked_by_the_time_the_gateway_is_down(
    moto: Aws, issuer: Issuer
) -> None:
    async with gateway_on(moto, await provision(moto), issuer) as gateway:
        response = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())
        image_id = (await response.json())["image_id"]
        before = await gateway.records.get(gateway.user, image_id)

    after = await gateway.records.get(gateway.user, image_id)
    assert before is not None
    assert after is not None
    assert (before.sent, after.sent) == (False, True)
