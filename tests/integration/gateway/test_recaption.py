"""Captions again, and another try of what failed: what each is allowed on, and what it costs."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import ClientResponse

from services.gateway.restarts import Restarts
from shared.contracts import CaptionOptions
from shared.item_store import ItemStore
from shared.items import Update
from shared.object_store import ObjectStore
from shared.provider_health import ProcessReport, ProviderReport, write_report
from shared.record_store import RecordStore
from shared.records import Failure, ImageRecord, StageTime, Status, StoredImage
from tests.deadlines import until
from tests.integration.gateway.conftest import Gateway, Serve
from tests.integration.gateway.finished import NOW, finished

JPEG = b"\xff\xd8\xff\xe0 a photo"
MODEL_INPUT = StoredImage(key="unset", content_type="image/jpeg", bytes=3, width=4, height=3)


def failure(*, retryable: bool = True) -> Failure:
    return Failure(code="providers_exhausted", detail="No.", retryable=retryable, stage="caption")


async def ingested(gateway: Gateway, **changes: Any) -> ImageRecord:
    """An image whose model input is stored, completed or as ``changes`` say."""
    key = f"images/{gateway.user}/model.jpg"
    await gateway.aws.s3.put_object(Bucket=gateway.settings.images_bucket, Key=key, Body=b"jpg")
    model_input = MODEL_INPUT.model_copy(update={"key": key})
    return await finished(gateway, JPEG, **{"model_input": model_input} | changes)


async def uploaded(gateway: Gateway, **changes: Any) -> ImageRecord:
    """A failed image whose upload is still there."""
    key = f"incoming/{gateway.user}/photo"
    await gateway.aws.s3.put_object(Bucket=gateway.settings.images_bucket, Key=key, Body=JPEG)
    values = {"status": Status.FAILED, "error": failure(), "original": None, "upload_key": key}
    return await finished(gateway, JPEG, **values | changes)


async def post(
    gateway: Gateway, record: ImageRecord, action: str, body: Mapping[str, Any] | None = None
) -> ClientResponse:
    return await gateway.http.post(
        f"/v1/images/{record.image_id}/{action}", json=body, headers=gateway.auth()
    )


async def remaining(gateway: Gateway) -> int:
    """The units of quota that the user has left."""
    response = await gateway.http.get("/v1/me", headers=gateway.auth())
    return int((await response.json())["quota"]["remaining"])


async def test_captioning_again_starts_a_job_and_ends_the_edits(gateway: Gateway) -> None:
    stage = StageTime(stage="ingest", started_at=NOW, duration_ms=3)
    before = await ingested(
        gateway,
        options=CaptionOptions(language="de", style="dry", labels=False, keep_exif=True),
        edited_concise="Mine",
        edited_at=NOW,
        timeline=(stage, stage.model_copy(update={"stage": "caption"})),
    )

    response = await post(gateway, before, "captions", {"style": "warm", "provider": "bedrock"})

    body = await response.json()
    assert response.status == 202
    assert response.headers["Location"] == f"/v1/images/{before.image_id}"
    assert (body["status"], body["version"]) == ("captioning", 2)
    assert (body["captions"]["concise"], body["captions"]["edited"]) == ("A cat", False)
    assert [entry["stage"] for entry in body["timeline"]] == ["ingest"]
    [message] = await gateway.messages(gateway.settings.caption_queue_url)
    sent = json.loads(message["Body"])
    assert (sent["kind"], sent["image_id"]) == ("image.ingested.v1", before.image_id)
    assert sent["job"] != before.job
    wanted = {"labels": False, "language": "de", "style": "warm", "provider": "bedrock"}
    assert sent["options"] == {**wanted, "keep_exif": True}
    record = await gateway.records.get(gateway.user, before.image_id)
    assert record is not None
    assert (record.job, record.sent, record.options.provider) == (sent["job"], True, "bedrock")
    assert response.headers["RateLimit"].startswith('"captions";r=59')


async def test_without_a_body_all_is_as_before_but_the_provider(gateway: Gateway) -> None:
    options = CaptionOptions(language="de", style="dry", provider="bedrock")
    before = await ingested(gateway, options=options)

    response = await gateway.http.post(
        f"/v1/images/{before.image_id}/captions", headers=gateway.auth()
    )

    assert response.status == 202
    record = await gateway.records.get(gateway.user, before.image_id)
    assert record is not None
    assert record.options == CaptionOptions(language="de", style="dry")


async def test_a_failed_image_that_was_ingested_is_captioned_again(gateway: Gateway) -> None:
    before = await ingested(gateway, status=Status.FAILED, error=failure(retryable=False))

    response = await post(gateway, before, "captions", {})

    body = await response.json()
    assert (response.status, body["status"], body["error"]) == (202, "captioning", None)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.INGESTING, Status.CAPTIONING])
async def test_a_running_job_is_not_disturbed_and_costs_nothing(
    gateway: Gateway, status: Status
) -> None:
    before = await ingested(gateway, status=status)

    response = await post(gateway, before, "captions", {})

    assert (response.status, (await response.json())["code"]) == (409, "not_ready")
    assert await remaining(gateway) == 60


async def test_an_image_without_a_model_input_is_not_captioned(gateway: Gateway) -> None:
    before = await uploaded(gateway)

    response = await post(gateway, before, "captions", {})

    problem = await response.json()
    assert (response.status, problem["code"], problem["retryable"]) == (409, "not_ready", False)


async def test_two_requests_at_once_make_one_job_and_cost_one_unit(gateway: Gateway) -> None:
    before = await ingested(gateway)

    first = await post(gateway, before, "captions", {})
    second = await post(gateway, before, "captions", {})

    assert (first.status, second.status) == (202, 409)
    assert await remaining(gateway) == 59


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "openai"},
        {"language": "not a tag"},
        {"style": "x" * 201},
        {"style": "a\x07b"},
        {"batch": "x"},
        {"language": 1},
    ],
)
async def test_unknown_options_are_refused(gateway: Gateway, body: dict[str, Any]) -> None:
    before = await ingested(gateway)

    response = await post(gateway, before, "captions", body)

    problem = await response.json()
    assert (response.status, problem["code"]) == (422, "invalid_field")
    assert problem["errors"][0]["pointer"] == f"/{next(iter(body))}"


async def test_without_quota_nothing_changes(serve: Serve) -> None:
    gateway = await serve(quota_limit=1)
    before = await ingested(gateway)
    await post(gateway, await ingested(gateway), "captions", {})

    response = await post(gateway, before, "captions", {})

    assert (response.status, (await response.json())["code"]) == (429, "quota_exceeded")
    assert int(response.headers["Retry-After"]) > 0
    assert await gateway.records.get(gateway.user, before.image_id) == before


async def test_a_queue_that_does_not_answer_leaves_the_job_to_the_sweeper(serve: Serve) -> None:
    gateway = await serve(caption_queue_url="http://127.0.0.1:9/nowhere")
    before = await ingested(gateway)

    response = await post(gateway, before, "captions", {})

    assert response.status == 202
    record = await gateway.records.get(gateway.user, before.image_id)
    assert record is not None
    assert (record.status, record.sent) == (Status.CAPTIONING, False)
    assert record.check_at is not None


@pytest.mark.parametrize("action", ["captions", "retry"])
async def test_images_of_others_are_not_found(gateway: Gateway, action: str) -> None:
    before = await ingested(gateway)

    response = await post(gateway.as_somebody(), before, action, {})

    assert (response.status, (await response.json())["code"]) == (404, "not_found")


async def test_a_retry_begins_where_the_input_is_and_costs_nothing(gateway: Gateway) -> None:
    before = await ingested(gateway, status=Status.FAILED, error=failure(), attempts_made=5)

    response = await post(gateway, before, "retry")

    body = await response.json()
    assert (response.status, body["status"], body["error"]) == (202, "captioning", None)
    [message] = await gateway.messages(gateway.settings.caption_queue_url)
    record = await gateway.records.get(gateway.user, before.image_id)
    assert record is not None
    assert json.loads(message["Body"])["job"] == record.job != before.job
    assert (record.attempts_made, record.sent) == (0, True)
    assert await remaining(gateway) == 60


async def test_a_retry_before_ingest_goes_to_ingest(gateway: Gateway) -> None:
    before = await uploaded(gateway)

    response = await post(gateway, before, "retry")

    assert (response.status, (await response.json())["status"]) == (202, "queued")
    [message] = await gateway.messages()
    assert json.loads(message["Body"])["upload_key"] == before.upload_key


async def test_a_retry_whose_input_is_gone_is_refused(gateway: Gateway) -> None:
    before = await uploaded(gateway, upload_key="incoming/gone")

    response = await post(gateway, before, "retry")

    problem = await response.json()
    assert (response.status, problem["code"], problem["retryable"]) == (409, "not_retryable", False)


async def test_a_photo_at_fault_is_not_retried(gateway: Gateway) -> None:
    before = await uploaded(gateway, error=failure(retryable=False))

    response = await post(gateway, before, "retry")

    assert (response.status, (await response.json())["code"]) == (409, "not_retryable")


@pytest.mark.parametrize("status", [status for status in Status if status != "failed"])
async def test_only_what_failed_is_retried(gateway: Gateway, status: Status) -> None:
    before = await ingested(gateway, status=status)

    response = await post(gateway, before, "retry")

    assert (response.status, (await response.json())["code"]) == (409, "not_failed")


async def test_a_retry_asked_twice_makes_one_job(gateway: Gateway) -> None:
    before = await uploaded(gateway)

    statuses = [(await post(gateway, before, "retry")).status for _ in range(2)]

    assert statuses == [202, 409]
    messages: list[Any] = []

    async def arrived() -> bool:
        messages.extend(await gateway.messages())
        return len(messages) == 1

    await until(arrived)


class Repeating:
    """Records whose every write is made twice, as botocore does when the first answer is lost."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    async def update(self, user_id: str, image_id: str, update: Update) -> ImageRecord:
        await self._records.update(user_id, image_id, update)
        return await self._records.update(user_id, image_id, update)


async def test_a_job_whose_beginning_was_written_twice_is_begun_once(serve: Serve) -> None:
    gateway = await serve()
    before = await ingested(gateway)
    records: Any = Repeating(gateway.records)
    objects = ObjectStore(gateway.aws.s3, gateway.settings.images_bucket)

    begun = await Restarts(records, objects, {}).caption_again(before, CaptionOptions(), epoch=0)

    latest = await gateway.records.get(before.user_id, before.image_id)
    assert latest == begun
    assert begun.job != before.job
    assert begun.version == before.version + 1


async def test_a_provider_that_nobody_would_ask_is_refused_by_name(serve: Serve) -> None:
    gateway = await serve()
    items = ItemStore(gateway.aws.dynamodb, gateway.settings.records_table)
    asked = tuple(
        ProviderReport(name=name, model="m", circuit="closed", tries=0, answered=0, latency=())
        for name in ("bedrock", "local")
    )
    await write_report(items, "p", ProcessReport(at=time.time(), providers=asked))
    before = await ingested(gateway)

    refused = await post(gateway, before, "captions", {"provider": "sagemaker"})
    left = await remaining(gateway)
    taken = await post(gateway, before, "captions", {"provider": "bedrock"})

    problem = await refused.json()
    assert (refused.status, problem["code"]) == (422, "invalid_option")
    assert problem["errors"] == [{"pointer": "/provider", "message": "not one of bedrock, local"}]
    assert left == gateway.settings.quota_limit
    assert taken.status == 202
