"""What operators see and do, and that nobody else gets there."""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientResponse

from shared.contracts import ImageUploaded
from shared.item_store import ItemStore
from shared.settling import Settler
from shared.usage import UsageCounter
from tests.deadlines import until
from tests.integration.gateway.conftest import Gateway, Serve
from tests.integration.gateway.finished import finished_record

IMAGE_ID = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
TRACE_PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass(frozen=True)
class Operated:
    """A gateway with four queues of its own."""

    gateway: Gateway
    urls: dict[str, str]

    async def get(self, path: str) -> ClientResponse:
        return await self.gateway.http.get(f"/v1/admin{path}", headers=self.headers())

    async def post(self, path: str, **arguments: Any) -> ClientResponse:
        return await self.gateway.http.post(f"/v1/admin{path}", headers=self.headers(), **arguments)

    def headers(self) -> dict[str, str]:
        token = self.gateway.token(**{"cognito:groups": ["admins"]})
        return {"Authorization": f"Bearer {token}"}

    async def depth(self, name: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = await self.gateway.aws.sqs.get_queue_attributes(
            QueueUrl=self.urls[name], AttributeNames=names
        )
        return sum(int(found["Attributes"][each]) for each in names)

    async def send(self, name: str, body: str, **attributes: str) -> None:
        await self.gateway.aws.sqs.send_message(
            QueueUrl=self.urls[name],
            MessageBody=body,
            MessageAttributes={
                key: {"DataType": "String", "StringValue": value}
                for key, value in attributes.items()
            },
        )

    async def receive(self, name: str) -> list[Any]:
        found = await self.gateway.aws.sqs.receive_message(
            QueueUrl=self.urls[name], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(found.get("Messages", []))


@pytest.fixture
async def operated(serve: Serve, shared_gateway: Gateway) -> Operated:
    sqs = shared_gateway.aws.sqs
    urls = {}
    for name in ("ingest", "ingest-dlq", "caption", "caption-dlq"):
        made = await sqs.create_queue(QueueName=f"{name}-{uuid.uuid4().hex}")
        urls[name] = made["QueueUrl"]
    settings = {f"{name.replace('-', '_')}_queue_url": url for name, url in urls.items()}
    renamed = {name.replace("dlq_queue", "dlq"): url for name, url in settings.items()}
    return Operated(await serve(**renamed), urls)


def message() -> str:
    return ImageUploaded(
        user_id="ana@example.test",
        image_id=IMAGE_ID,
        job="j1",
        epoch=0,
        upload_key="incoming/ana/secret-name",
    ).model_dump_json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/queues"),
        ("GET", "/queues/history"),
        ("GET", "/dead-letters/ingest"),
        ("POST", "/queues/ingest/redrive"),
        ("POST", "/queues/ingest/purge"),
        ("GET", "/providers"),
        ("PATCH", "/providers/bedrock"),
        ("GET", "/usage"),
        ("GET", "/no-such-thing"),
    ],
)
@pytest.mark.parametrize("groups", [None, [], ["users"], "admins"])
async def test_others_are_forbidden(gateway: Gateway, method: str, path: str, groups: Any) -> None:
    token = gateway.token(**({"cognito:groups": groups} if groups is not None else {}))

    response = await gateway.http.request(
        method, f"/v1/admin{path}", headers={"Authorization": f"Bearer {token}"}
    )

    assert response.status == 403
    assert (await response.json())["code"] == "forbidden"


async def test_queues_are_counted(operated: Operated) -> None:
    await operated.send("ingest", "x")
    await operated.send("ingest", "y")
    await operated.send("caption-dlq", "z")

    response = await operated.get("/queues")

    queues = {queue["name"]: queue for queue in (await response.json())["queues"]}
    assert set(queues) == {"ingest", "caption"}
    assert queues["ingest"] == {
        "name": "ingest",
        "visible": 2,
        "in_flight": 0,
        "delayed": 0,
        "oldest_age_s": None,
        "dead_letters": 0,
    }
    assert queues["caption"]["dead_letters"] == 1


async def test_dead_letter_is_shown_with_its_reason_and_stays(operated: Operated) -> None:
    await operated.send("ingest", message(), traceparent=TRACE_PARENT)
    [delivered] = await operated.receive("ingest")
    async with Settler(
        operated.gateway.aws.sqs,
        queue_url=operated.urls["ingest"],
        dead_letter_url=operated.urls["ingest-dlq"],
    ) as settler:
        await settler.dead_letter(delivered, reason="job: missing", tries=3)

    first = await (await operated.get("/dead-letters/ingest")).json()
    again = await (await operated.get("/dead-letters/ingest?limit=1")).json()

    [letter] = first["items"]
    assert (letter["reason"], letter["tries"]) == ("job: missing", 3)
    assert (letter["kind"], letter["image_id"]) == ("image.uploaded.v1", IMAGE_ID)
    assert letter["trace_id"] == TRACE_PARENT.split("-")[1]
    assert again == first
    assert not any(secret in json.dumps(first) for secret in ("ana", "secret-name"))


async def test_letter_that_sqs_moved_was_received_too_often(operated: Operated) -> None:
    await operated.send("caption-dlq", "\x7f[[[ no JSON")

    [letter] = (await (await operated.get("/dead-letters/caption")).json())["items"]

    assert (letter["reason"], letter["tries"]) == ("received too often", 1)
    assert letter["image_id"] is None


async def test_more_letters_than_asked_for_are_not_shown(operated: Operated) -> None:
    for _ in range(13):
        await operated.send("caption-dlq", message())

    some = (await (await operated.get("/dead-letters/caption?limit=12")).json())["items"]

    assert len({letter["message_id"] for letter in some}) == 12


async def test_redrive_sends_letters_back_without_their_reason(operated: Operated) -> None:
    for _ in range(12):
        await operated.send(
            "ingest-dlq", message(), traceparent=TRACE_PARENT, caption_reason="r", caption_tries="2"
        )

    response = await operated.post("/queues/ingest/redrive")

    async def moved() -> bool:
        return await operated.depth("ingest") == 12 and not await operated.depth("ingest-dlq")

    assert response.status == 202
    assert await response.json() == {"queue": "ingest", "status": "started", "messages": 12}
    await until(moved)
    [first, *_] = await operated.receive("ingest")
    assert set(first["MessageAttributes"]) == {"traceparent"}
    assert json.loads(first["Body"])["image_id"] == IMAGE_ID


async def test_redrive_of_nothing_is_accepted(operated: Operated) -> None:
    response = await operated.post("/queues/caption/redrive")

    assert (response.status, (await response.json())["messages"]) == (202, 0)


@pytest.mark.parametrize("name", ["ingest", "ingest-dlq", "caption", "caption-dlq"])
async def test_purge_empties_exactly_the_confirmed_queue(operated: Operated, name: str) -> None:
    for each in operated.urls:
        await operated.send(each, "x")

    response = await operated.post(f"/queues/{name}/purge", json={"confirm": name})

    assert response.status == 202
    assert {each for each in operated.urls if not await operated.depth(each)} == {name}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"confirm": "caption"}, 422, "not_confirmed"),
        ({"confirm": "ingest-dlq"}, 422, "not_confirmed"),
        ({"confirm": "Ingest"}, 422, "not_confirmed"),
        ({"confirm": ""}, 422, "not_confirmed"),
        ({"confirm": True}, 422, "invalid_field"),
        ({"confirm": "ingest", "more": 1}, 422, "invalid_field"),
        ({}, 422, "invalid_field"),
        (["ingest"], 400, "malformed_request"),
    ],
)
async def test_nothing_is_purged_without_confirmation(
    operated: Operated, body: Any, status: int, code: str
) -> None:
    await operated.send("ingest", "x")

    response = await operated.post("/queues/ingest/purge", json=body)

    assert (response.status, (await response.json())["code"]) == (status, code)
    assert await operated.depth("ingest") == 1


@pytest.mark.parametrize("name", ["nothing", "ingest-dlq-dlq", "INGEST", "%2e%2e", "a" * 300])
async def test_unknown_queue_is_not_found(operated: Operated, name: str) -> None:
    answers = [
        await operated.get(f"/dead-letters/{name}"),
        await operated.post(f"/queues/{name}/redrive"),
        await operated.post(f"/queues/{name}/purge", json={"confirm": name}),
    ]

    assert [answer.status for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=1&limit=2"])
async def test_bad_limit_is_refused(gateway: Gateway, query: str) -> None:
    token = gateway.token(**{"cognito:groups": ["admins"]})

    response = await gateway.http.get(
        f"/v1/admin/dead-letters/ingest?{query}", headers={"Authorization": f"Bearer {token}"}
    )

    assert (response.status, (await response.json())["code"]) == (400, "malformed_request")


async def test_usage_adds_up_over_processes(operated: Operated) -> None:
    items = ItemStore(operated.gateway.aws.dynamodb, operated.gateway.settings.records_table)
    for service in ("captioner", "captioner", "ingest"):
        async with UsageCounter(items, service) as usage:
            usage.add("failed")
            usage.add_cost("bedrock", 0.5)

    listed = (await (await operated.get("/usage?days=3")).json())["days"]

    assert len(listed) == 3
    assert listed[0]["day"] == datetime.now(UTC).date().isoformat()
    assert (listed[0]["failed"], listed[0]["cost_usd"]) == (3, 1.5)
    assert listed[0]["cost_usd_by_provider"] == {"bedrock": 1.5}
    assert (listed[1]["failed"], listed[1]["p50_ms"]) == (0, None)


async def test_usage_tells_why_and_when_photos_failed(operated: Operated) -> None:
    items = ItemStore(operated.gateway.aws.dynamodb, operated.gateway.settings.records_table)
    error = {"code": "undecodable_image", "detail": "d", "retryable": False, "stage": "ingest"}
    failed = finished_record("ana", b"", status="failed", error=error)
    began = datetime.now(UTC)
    async with UsageCounter(items, "ingest") as usage:
        usage.moved(failed)
        usage.moved(finished_record("ana", b""))

    body = await (await operated.get("/usage?days=1")).json()

    assert len(body["days"]) == 1
    assert body["days"][0]["failed_by_code"] == {"undecodable_image": 1}
    assert len(body["hours"]) == 48
    assert body["hours"][0]["hour"] >= began.strftime("%Y-%m-%dT%H:00:00.000Z")
    assert sum(hour["failed"] for hour in body["hours"][:2]) == 1
    assert sum(hour["completed"] for hour in body["hours"][:2]) == 1


@pytest.mark.parametrize("days", ["0", "91", "-1", "1.5", "", "999999999999999999999"])
async def test_days_out_of_range_are_refused(gateway: Gateway, days: str) -> None:
    token = gateway.token(**{"cognito:groups": ["admins"]})

    response = await gateway.http.get(
        f"/v1/admin/usage?days={days}", headers={"Authorization": f"Bearer {token}"}
    )

    assert (response.status, (await response.json())["code"]) == (400, "malformed_request")
