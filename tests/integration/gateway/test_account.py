"""``GET /v1/me``."""

from datetime import UTC, datetime, timedelta

from tests.integration.gateway.conftest import Gateway, Serve
from tests.integration.gateway.test_submission import JPEG


async def test_new_user_has_the_whole_quota_and_no_images(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.token(**{'cognito:groups': ['b', 'admins']})}"}

    response = await gateway.http.get("/v1/me", headers=headers)

    body = await response.json()
    resets_at = datetime.fromisoformat(body["quota"].pop("resets_at"))
    assert response.status == 200
    assert body == {
        "user_id": gateway.user,
        "groups": ["admins", "b"],
        "quota": {"limit": 60, "window_s": 3600, "remaining": 60},
        "images": 0,
        "images_complete": True,
        "retention_days": 90,
    }
    assert abs(resets_at - datetime.now(UTC)) < timedelta(seconds=10)
    assert response.headers["RateLimit"] == '"captions";r=60;t=0'


async def test_images_and_spent_units_are_counted(gateway: Gateway) -> None:
    for _ in range(3):
        await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())

    response = await gateway.http.get("/v1/me", headers=gateway.auth())

    body = await response.json()
    resets_in = datetime.fromisoformat(body["quota"]["resets_at"]) - datetime.now(UTC)
    assert body["images"] == 3
    assert body["quota"]["remaining"] == 57
    assert timedelta(seconds=170) < resets_in <= timedelta(seconds=180)
    assert response.headers["RateLimit-Policy"] == '"captions";q=60;w=3600'


async def test_images_past_their_retention_are_not_counted(serve: Serve) -> None:
    gateway = await serve()
    submitted = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())
    image_id = (await submitted.json())["image_id"]
    await gateway.aws.dynamodb.update_item(
        TableName=gateway.settings.records_table,
        Key={"PK": {"S": f"USER#{gateway.user}"}, "SK": {"S": f"IMAGE#{image_id}"}},
        UpdateExpression="SET #ttl = :past",
        ExpressionAttributeNames={"#ttl": "ttl"},
        ExpressionAttributeValues={":past": {"N": "1"}},
    )

    response = await gateway.http.get("/v1/me", headers=gateway.auth())

    assert (await response.json())["images"] == 0
