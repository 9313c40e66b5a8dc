"""``Idempotency-Key``: one image, one job and one unit of quota for each, whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse

from services.gateway.idempotency import LEASE_S
from tests.deadlines import until
from tests.integration.gateway.conftest import Gateway, Serve, clients, gateway_on, provision
from tests.integration.gateway.issuer import Issuer
from tests.integration.gateway.test_refusals import form
from tests.integration.gateway.test_submission import JPEG

KEY = "photo-1"


async def post(
    gateway: Gateway, key: str = KEY, data: Any = JPEG, query: str = ""
) -> ClientResponse:
    headers = gateway.auth() | {"Idempotency-Key": key}
    return await gateway.http.post(f"/v1/images{query}", data=data, headers=headers)


async def code_of(response: ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json())["code"]


async def account(gateway: Gateway) -> tuple[int, int]:
    """The user's images, and the units spent."""
    body = await (await gateway.http.get("/v1/me", headers=gateway.auth())).json()
    return body["images"], body["quota"]["limit"] - body["quota"]["remaining"]


async def item(gateway: Gateway, key: str = KEY) -> dict[str, Any] | None:
    found = await gateway.aws.dynamodb.get_item(
        TableName=gateway.settings.records_table, Key=at(gateway, key), ConsistentRead=True
    )
    stored: dict[str, Any] | None = found.get("Item")
    return stored


def at(gateway: Gateway, key: str = KEY) -> dict[str, Any]:
    return {"PK": {"S": f"USER#{gateway.user}"}, "SK": {"S": f"IDEMPOTENCY#{key}"}}


async def change(gateway: Gateway, expression: str, **values: float) -> None:
    """Change the key's item behind the gateway's back."""
    await gateway.aws.dynamodb.update_item(
        TableName=gateway.settings.records_table,
        Key=at(gateway),
        UpdateExpression=expression,
        ExpressionAttributeNames={
            f"#{name}": name
            for name in ("done", "epoch", "lease_until", "ttl")
            if name in expression
        },
        **(
            {"ExpressionAttributeValues": {f":{name}": {"N": str(v)} for name, v in values.items()}}
            if values
            else {}
        ),
    )


async def test_repeated_request_is_the_same_image_as_it_is_now(gateway: Gateway) -> None:
    first = await post(gateway, query="?language=de")
    image_id = (await first.json())["image_id"]
    await gateway.aws.dynamodb.update_item(
        TableName=gateway.settings.records_table,
        Key={"PK": {"S": f"USER#{gateway.user}"}, "SK": {"S": f"IMAGE#{image_id}"}},
        UpdateExpression="SET version = :two",
        ExpressionAttributeValues={":two": {"N": "2"}},
    )

    # As a form: how the same bytes and options are sent makes no difference.
    again = await post(gateway, data=form(JPEG, language="de"))

    assert (first.status, again.status) == (202, 202)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert (await again.json())["version"] == 2
    assert again.headers["RateLimit"].startswith('"captions";r=59;')
    assert await account(gateway) == (1, 1)
    assert len(await gateway.messages()) == 1
    assert len(await gateway.objects()) == 1


async def test_record_names_its_key(gateway: Gateway) -> None:
    response = await post(gateway)

    record = await gateway.records.get(gateway.user, (await response.json())["image_id"])
    assert record is not None
    assert record.idempotency_key == KEY
    assert record.upload_sha256 is not None


@pytest.mark.parametrize(
    ("data", "query"),
    [
        pytest.param(JPEG + b"!", "", id="bytes"),
        pytest.param(JPEG, "?language=fr", id="language"),
        pytest.param(JPEG, "?batch=b", id="batch"),
        pytest.param(JPEG, "?labels=false", id="labels"),
        pytest.param(JPEG, "?keep_exif=true", id="keep_exif"),
    ],
)
async def test_key_of_something_else_is_refused(gateway: Gateway, data: bytes, query: str) -> None:
    await post(gateway)

    response = await post(gateway, data=data, query=query)

    assert await code_of(response) == (422, "idempotency_key_reused")
    assert await account(gateway) == (1, 1)


async def test_users_do_not_share_keys(gateway: Gateway) -> None:
    await post(gateway)

    response = await post(gateway.as_somebody(), data=JPEG + b"!")

    assert response.status == 202
    assert "Idempotency-Replayed" not in response.headers


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 256, id="too-long"),
        pytest.param("a b", id="space"),
        pytest.param("caf\u00e9", id="not-ascii"),
        pytest.param("a\tb", id="tab"),
    ],
)
async def test_bad_key_is_named(gateway: Gateway, key: str) -> None:
    response = await post(gateway, key=key)

    assert await code_of(response) == (400, "malformed_request")
    assert (await response.json())["errors"][0]["pointer"] == "Idempotency-Key"
    assert await account(gateway) == (0, 0)


@pytest.mark.parametrize("key", ["!", "x" * 255, "~a/b#c\"d'"])
async def test_any_visible_ascii_is_a_key(gateway: Gateway, key: str) -> None:
    assert (await post(gateway, key=key)).status == 202
    assert (await post(gateway, key=key)).headers["Idempotency-Replayed"] == "true"


async def test_two_keys_in_one_request_are_refused(gateway: Gateway) -> None:
    headers = [*gateway.auth().items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]

    response = await gateway.http.post("/v1/images", data=JPEG, headers=headers)

    assert await code_of(response) == (400, "malformed_request")


async def test_request_in_flight_is_told_to_wait(gateway: Gateway) -> None:
    await post(gateway)
    await change(gateway, "REMOVE #done")

    response = await post(gateway)

    assert await code_of(response) == (409, "idempotency_in_flight")
    assert response.headers["Retry-After"] == "1"


async def test_lease_of_a_dead_request_is_taken_over_without_a_second_charge(
    gateway: Gateway,
) -> None:
    first = await post(gateway)
    await change(gateway, "REMOVE #done SET #lease_until = :past", past=time.time() - 1)

    again = await post(gateway)

    assert again.status == 202
    assert (await again.json())["image_id"] == (await first.json())["image_id"]
    assert await account(gateway) == (1, 1)
    jobs = {message["Body"] for message in await gateway.messages()}
    assert len(jobs) == 1
    assert (await post(gateway)).headers["Idempotency-Replayed"] == "true"


async def test_lease_of_a_request_that_died_before_it_was_charged_is_charged(
    gateway: Gateway,
) -> None:
    await post(gateway)
    image_id = (await item(gateway) or {})["image_id"]["S"]
    await gateway.aws.dynamodb.delete_item(
        TableName=gateway.settings.records_table,
        Key={"PK": {"S": f"USER#{gateway.user}"}, "SK": {"S": f"IMAGE#{image_id}"}},
    )
    await change(gateway, "REMOVE #done, #epoch SET #lease_until = :past", past=time.time() - 1)

    again = await post(gateway)

    assert (await again.json())["image_id"] == image_id
    assert await account(gateway) == (1, 2)


async def test_lease_lasts_a_minute_and_key_a_day(gateway: Gateway) -> None:
    await post(gateway)

    stored = await item(gateway)
    assert stored is not None
    assert float(stored["lease_until"]["N"]) == pytest.approx(time.time() + LEASE_S, abs=5)
    assert float(stored["ttl"]["N"]) == pytest.approx(time.time() + 24 * 3600, abs=5)


async def test_key_past_its_day_is_new_although_its_item_is_still_there(gateway: Gateway) -> None:
    first = await post(gateway)
    await change(gateway, "SET #ttl = :past", past=int(time.time()) - 1)

    again = await post(gateway, data=JPEG + b"!")

    assert again.status == 202
    assert (await again.json())["image_id"] != (await first.json())["image_id"]
    assert await account(gateway) == (2, 2)


async def test_key_of_a_deleted_image_is_new(gateway: Gateway) -> None:
    first = await post(gateway)
    image_id = (await first.json())["image_id"]
    await gateway.aws.dynamodb.delete_item(
        TableName=gateway.settings.records_table,
        Key={"PK": {"S": f"USER#{gateway.user}"}, "SK": {"S": f"IMAGE#{image_id}"}},
    )

    again = await post(gateway)

    assert again.status == 202
    assert "Idempotency-Replayed" not in again.headers
    assert (await again.json())["image_id"] != image_id


async def test_key_refused_for_quota_may_be_used_again(serve: Serve) -> None:
    gateway = await serve(quota_limit=1, quota_window_s=3600)
    await post(gateway, key="another")

    response = await post(gateway)

    async def forgotten() -> bool:
        return await item(gateway) is None

    assert await code_of(response) == (429, "quota_exceeded")
    await until(forgotten)


@pytest.mark.parametrize("service", ["S3", "SQS"])
async def test_failed_request_forgets_its_key_and_gives_its_unit_back(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
    gateway = await serve()

    response = await post(gateway)

    async def forgotten() -> bool:
        return await item(gateway) is None and await account(gateway) == (0, 0)

    assert response.status == 503
    await until(forgotten)


@pytest.fixture
async def atomic_gateway(aws: str, ministack: str, issuer: Issuer) -> AsyncIterator[Gateway]:
    # moto's conditional writes are not atomic.
    with pytest.MonkeyPatch.context() as env:
        env.setenv("AWS_ENDPOINT_URL", ministack)
        async with clients(ministack) as emulated:
            resources = await provision(emulated)
            async with gateway_on(emulated, resources, issuer) as made:
                yield made


async def test_of_50_requests_at_once_with_one_key_one_makes_an_image(
    atomic_gateway: Gateway,
) -> None:
    gateway = atomic_gateway

    answers = await asyncio.gather(*(post(gateway) for _ in range(50)))

    bodies = [await answer.json() for answer in answers]
    accepted = [body["image_id"] for body in bodies if "image_id" in body]
    losers = [body["code"] for body in bodies if "code" in body]
    made = [a for a in answers if a.status == 202 and "Idempotency-Replayed" not in a.headers]
    assert len(made) == 1
    assert len(set(accepted)) == 1
    assert set(losers) <= {"idempotency_in_flight"}
    assert await account(gateway) == (1, 1)
    assert len(await gateway.messages()) == 1
    assert len(await gateway.objects()) == 1
