"""The caption quota over HTTP: what costs a unit, what does not, and what the headers say."""

import time

import pytest

from tests.deadlines import until
from tests.integration.gateway.conftest import Gateway, Serve
from tests.integration.gateway.test_submission import JPEG


async def remaining(gateway: Gateway) -> int:
    response = await gateway.http.get("/v1/me", headers=gateway.auth())
    left: int = (await response.json())["quota"]["remaining"]
    return left


async def test_accepted_upload_tells_what_is_left(gateway: Gateway) -> None:
    response = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())

    assert response.status == 202
    assert response.headers["RateLimit-Policy"] == '"captions";q=60;w=3600'
    assert response.headers["RateLimit"] == '"captions";r=59;t=60'


async def test_upload_beyond_the_quota_is_refused_with_the_time_of_the_next_unit(
    serve: Serve,
) -> None:
    gateway = await serve(quota_limit=2, quota_window_s=100)
    began = time.monotonic()
    for _ in range(2):
        await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())

    response = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())

    body = await response.json()
    assert (response.status, body["code"], body["retryable"]) == (429, "quota_exceeded", True)
    assert 49 - (time.monotonic() - began) <= int(response.headers["Retry-After"]) <= 50
    assert response.headers["RateLimit-Policy"] == '"captions";q=2;w=100'
    assert response.headers["RateLimit"] == f'"captions";r=0;t={response.headers["Retry-After"]}'
    assert len(await gateway.objects()) == 2


async def test_after_the_time_named_one_more_is_accepted(serve: Serve) -> None:
    gateway = await serve(quota_limit=1, quota_window_s=1)
    await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())

    async def accepted() -> bool:
        response = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())
        assert response.status == 202 or int(response.headers["Retry-After"]) == 1
        return response.status == 202

    await until(accepted, within=3)


async def test_refused_upload_costs_nothing(gateway: Gateway) -> None:
    response = await gateway.http.post("/v1/images", data=b"no photo", headers=gateway.auth())

    assert response.status == 415
    assert "RateLimit" not in response.headers
    assert await remaining(gateway) == 60


@pytest.mark.parametrize("service", ["S3", "SQS"])
async def test_failed_upload_gives_its_unit_back(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
    gateway = await serve()

    response = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())

    async def given_back() -> bool:
        return await remaining(gateway) == 60

    assert (response.status, response.headers["Retry-After"]) == (503, "2")
    assert "RateLimit" not in response.headers
    await until(given_back)


async def test_image_carries_the_epoch_of_its_unit(gateway: Gateway) -> None:
    response = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())

    record = await gateway.records.get(gateway.user, (await response.json())["image_id"])
    assert record is not None
    assert record.epoch == 0
