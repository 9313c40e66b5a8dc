"""Calls of our clients carry the signatures that botocore's own signer gives them."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import aioboto3
import botocore.auth
import pytest
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.credentials import AioRefreshableCredentials
from aiobotocore.session import get_session
from botocore.auth import AUTH_TYPE_MAPS
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.compat import HTTPHeaders

from shared import signing
from shared.aws import aws_session, client_config, s3_config, sqs_config
from shared.signing import JSON_CALLS, JsonCallSigner

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
def ours(monkeypatch: pytest.MonkeyPatch) -> list[AWSRequest]:
    """The requests that our signer has been given."""
    given: list[AWSRequest] = []
    plain = JsonCallSigner.add_auth

    def seen(self: JsonCallSigner, request: AWSRequest) -> None:
        given.append(request)
        plain(self, request)

    monkeypatch.setattr(JsonCallSigner, "add_auth", seen)
    return given


class Unsent:
    """Requests of a client, each answered before it is sent: by these statuses, then by 200."""

    def __init__(self, client: Any, *statuses: int, body: bytes = b"{}") -> None:
        self.sent: list[dict[str, str]] = []
        self._statuses = list(statuses)
        self._body = body
        client.meta.events.register("before-send", self._answer)

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> Any:
        headers: dict[str, Any] = dict(request.headers.items())
        del headers["amz-sdk-invocation-id"]  # another one for each call, and not signed
        self.sent.append(
            {name: it.decode() if isinstance(it, bytes) else it for name, it in headers.items()}
        )
        status = self._statuses.pop(0) if self._statuses else 200
        raw = SimpleNamespace(read=AsyncMock(return_value=self._body))
        return AioAWSResponse(request.url, status, HTTPHeaders(), raw)


async def sent(service: str, region: str, config: Any) -> list[dict[str, str]]:
    call, arguments = CALLS[service]
    session = aws_session()
    async with session.client(service, region_name=region, config=config, **CREDENTIALS) as client:
        unsent = Unsent(client)
        await getattr(client, call)(**arguments)
    return unsent.sent


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("service", CALLS)
async def test_a_call_is_sent_as_botocore_would_send_it(
    service: str, region: str, ours: list[AWSRequest]
) -> None:
    theirs = await sent(service, region, client_config(connections=1, signature_version="v4"))
    assert not ours

    assert await sent(service, region, client_config(connections=1)) == theirs
    assert len(ours) == 1


async def test_messages_are_signed_by_our_signer(ours: list[AWSRequest]) -> None:
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
            "dynamodb", region_name="eu-west-1", config=config, **CREDENTIALS
        ) as dynamodb:
            unsent = Unsent(dynamodb, 500)

            def next_day(**_: Any) -> float:
                set_clock(monkeypatch, MOMENT + timedelta(days=1))
                return 0.0  # seconds until the call is repeated

            dynamodb.meta.events.register_first(
                "needs-retry.dynamodb", lambda attempts, **_: next_day() if attempts == 1 else None
            )
            await dynamodb.get_item(TableName="t", Key={"PK": {"S": "p"}})
        return unsent.sent

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
    session = aioboto3.Session(botocore_session=botocore_session, region_name="eu-west-1")
    async with session.client("sqs", config=sqs_config(connections=1)) as sqs:
        unsent = Unsent(sqs)
        await sqs.list_queues()
        now[0] += timedelta(minutes=59)
        await sqs.list_queues()

    assert [it["X-Amz-Security-Token"] for it in unsent.sent] == ["FIRST", "SECOND"]
    assert "Credential=FIRST/" in unsent.sent[0]["Authorization"]
    assert "Credential=SECOND/" in unsent.sent[1]["Authorization"]


async def test_s3_and_a_call_with_an_api_key_are_left_to_botocore(
    ours: list[AWSRequest], monkeypatch: pytest.MonkeyPatch
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

    assert "/s3/aws4_request" in objects.sent[0]["Authorization"]
    assert answers.sent[0]["Authorization"] == "Bearer an API key"
    assert not ours


def test_botocore_s_own_signers_stay_where_they_are() -> None:
    assert AUTH_TYPE_MAPS[JSON_CALLS] is JsonCallSigner
    assert JsonCallSigner not in [it for name, it in AUTH_TYPE_MAPS.items() if name != JSON_CALLS]
