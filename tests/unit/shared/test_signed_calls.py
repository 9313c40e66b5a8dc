"""Calls of our clients carry the signatures that botocore's own signer gives them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aioboto3
import botocore.auth
import pytest
from aiobotocore.credentials import AioRefreshableCredentials
from aiobotocore.session import get_session
from botocore.auth import AUTH_TYPE_MAPS

from shared import short_calls, signing
from shared.aws import aws_session, client_config, s3_config, sqs_config
from shared.short_calls import shorten_calls
from shared.signing import JSON_CALLS, JsonCallSigner, authorization
from tests.unit.shared.unsent import Unsent

MOMENT = datetime(2026, 11, 23, 23, 59, 58, tzinfo=UTC)
CREDENTIALS = {
    "aws_access_key_id": "ASIDEXAMPLE",
    "aws_secret_access_key": "secret",
    "aws_session_token": "session/token+=",
}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("put_item", {"TableName": "t", "Item": {"PK": {"S": "é"}}}),
    "sqs": ("send_message", {"QueueUrl": "https://sqs/1/q", "MessageBody": "b"}),
    "secretsmanager": ("get_secret_value", {"SecretId": "s"}),
    "rekognition": ("detect_labels", {"Image": {"Bytes": b"x"}}),
    "sagemaker-runtime": ("invoke_endpoint", {"EndpointName": "e", "Body": b"{}"}),
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that sends a call elsewhere than to AWS, and a clock that stands still."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    set_clock(monkeypatch, MOMENT)


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    for module in (botocore.auth, signing):
        monkeypatch.setattr(module, "get_current_datetime", lambda: moment)


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The signatures that are of our making."""
    made: list[str] = []

    def seen(*call: Any, **scope: Any) -> str:
        made.append(authorization(*call, **scope))
        return made[-1]

    for module in (signing, short_calls):
        monkeypatch.setattr(module, "authorization", seen)
    return made


Sent = list[tuple[str, dict[str, str], Any]]  # URL, headers and body of each request


async def sent(service: str, region: str, config: Any) -> Sent:
    call, arguments = CALLS[service]
    session = aws_session()
    async with session.client(service, region_name=region, config=config, **CREDENTIALS) as client:
        unsent = Unsent(client)
        await getattr(client, call)(**arguments)
    headers = iter(unsent.headers)
    return [(request.url, next(headers), request.body) for request in unsent.requests]


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("service", CALLS)
async def test_a_call_is_sent_as_botocore_would_send_it(
    service: str, region: str, ours: list[str]
) -> None:
    theirs = await sent(service, region, client_config(connections=1, signature_version="v4"))
    assert not ours

    assert await sent(service, region, client_config(connections=1)) == theirs
    # SageMaker's has an endpoint's name in its path and is passed on.
    assert len(ours) == (0 if service == "sagemaker-runtime" else 1)


async def test_messages_are_signed_by_our_signer(ours: list[str]) -> None:
    theirs = await sent("sqs", "eu-west-1", sqs_config(connections=1))

    assert theirs == await sent(
        "sqs", "eu-west-1", client_config(connections=1, signature_version="v4")
    )
    assert len(ours) == 1


async def test_a_repeated_call_is_signed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async def repeated(config: Any) -> list[dict[str, str]]:
        set_clock(monkeypatch, MOMENT)
        session = aws_session()
        async with session.client(
            "secretsmanager", region_name="eu-west-1", config=config, **CREDENTIALS
        ) as secrets:
            unsent = Unsent(secrets, (500, b"{}"))

            def next_day(**_: Any) -> float:
                set_clock(monkeypatch, MOMENT + timedelta(days=1))
                return 0.0  # seconds until the call is repeated

            secrets.meta.events.register_first(
                "needs-retry", lambda attempts, **_: next_day() if attempts == 1 else None
            )
            await secrets.get_secret_value(SecretId="s")
        return unsent.headers

    first, second = await repeated(client_config(connections=1))

    assert [first, second] == await repeated(client_config(connections=1, signature_version="v4"))
    assert "/20261123/" in first["Authorization"]
    assert "/20261124/" in second["Authorization"]


async def test_credentials_that_a_session_has_refreshed_sign_the_next_call() -> None:
    now = [datetime.now(UTC)]
    keys = iter(["FIRST", "SECOND"])

    async def refreshed() -> dict[str, str]:
        key = next(keys)
        expires = (now[0] + timedelta(hours=1)).isoformat()
        return {"access_key": key, "secret_key": key, "token": key, "expiry_time": expires}

    credentials: Any = AioRefreshableCredentials.create_from_metadata(
        await refreshed(), refresh_using=refreshed, method="test"
    )
    credentials._time_fetcher = lambda: now[0]  # noqa: SLF001  its clock
    botocore_session: Any = get_session()
    botocore_session._credentials = credentials  # noqa: SLF001  the ones it would find itself
    shorten_calls(botocore_session)
    session = aioboto3.Session(botocore_session=botocore_session, region_name="eu-west-1")
    async with session.client("sqs", config=sqs_config(connections=1)) as sqs:
        unsent = Unsent(sqs)
        await sqs.list_queues()
        now[0] += timedelta(minutes=59)
        await sqs.list_queues()

    assert [it["X-Amz-Security-Token"] for it in unsent.headers] == ["FIRST", "SECOND"]
    assert "Credential=FIRST/" in unsent.headers[0]["Authorization"]
    assert "Credential=SECOND/" in unsent.headers[1]["Authorization"]


async def test_s3_and_a_call_with_an_api_key_are_left_to_botocore(
    ours: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "an API key")
    session = aws_session()
    async with session.client(
        "s3", region_name="eu-west-1", config=s3_config(connections=1), **CREDENTIALS
    ) as s3:
        objects = Unsent(s3, body=b"")
        await s3.put_object(Bucket="photos", Key="k", Body=b"x")
    heeding_the_key = client_config(connections=1, signature_version=None)
    async with session.client(
        "bedrock-runtime", region_name="eu-west-1", config=heeding_the_key
    ) as models:
        answers = Unsent(models)
        await models.invoke_model(modelId="m", body=b"{}")

    assert "/s3/aws4_request" in objects.headers[0]["Authorization"]
    assert answers.headers[0]["Authorization"] == "Bearer an API key"
    assert not ours


def test_botocore_s_own_signers_stay_where_they_are() -> None:
    assert AUTH_TYPE_MAPS[JSON_CALLS] is JsonCallSigner
    assert JsonCallSigner not in [it for name, it in AUTH_TYPE_MAPS.items() if name != JSON_CALLS]
