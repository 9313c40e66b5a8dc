"""Our signer of calls in JSON against botocore's, and against AWS's own examples."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import botocore.auth
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from shared import signing
from shared.signing import JsonCallSigner

MOMENT = datetime(2026, 11, 23, 23, 59, 58, tzinfo=UTC)
LASTING = ReadOnlyCredentials("AKIDEXAMPLE", "secret/+", None)
TEMPORARY = ReadOnlyCredentials("ASIDEXAMPLE", "another", "session/token+=")
HEADERS = {
    "X-Amz-Target": "DynamoDB_20120810.PutItem",
    "Content-Type": "application/x-amz-json-1.0",
    "User-Agent": "never signed",
    "X-Spaces": "  one   and  another ",
}

Set = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets botocore's clock and ours, which stand at ``MOMENT``."""

    def at(moment: datetime) -> None:
        for module in (botocore.auth, signing):
            monkeypatch.setattr(module, "get_current_datetime", lambda: moment)

    at(MOMENT)
    return at


def signed(
    signer: type[SigV4Auth],
    *,
    credentials: ReadOnlyCredentials | None = LASTING,
    service: str = "dynamodb",
    region: str = "eu-west-1",
    url: str = "https://dynamodb.eu-west-1.amazonaws.com/",
    headers: dict[str, str] = HEADERS,
    data: Any = b'{"TableName":"t\xc3\xa9"}',
    context: dict[str, Any] | None = None,
    **others: Any,
) -> AWSRequest:
    request = AWSRequest(**{"method": "POST", **others}, url=url, headers=headers, data=data)
    request.context = dict(context or {})
    signer(credentials, service, region).add_auth(request)  # type: ignore[arg-type]  # may be None
    return request


def assert_as_botocore_does(**call: Any) -> None:
    ours, theirs = signed(JsonCallSigner, **call), signed(SigV4Auth, **call)
    assert ours.headers.items() == theirs.headers.items()
    assert ours.context == theirs.context
    assert ours.url == theirs.url


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left to botocore's signer to sign."""

    def refused(*_: object) -> None:
        raise AssertionError("passed on to botocore")

    monkeypatch.setattr(SigV4Auth, "canonical_request", refused)


def authorization(**call: Any) -> str:
    return str(signed(JsonCallSigner, **call).headers["Authorization"])


@pytest.mark.parametrize("credentials", [LASTING, TEMPORARY], ids=["lasting", "temporary"])
@pytest.mark.parametrize("service", ["dynamodb", "sqs", "rekognition", "secretsmanager"])
@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-north-1"])
@pytest.mark.parametrize(
    "url",
    [
        "https://sqs.eu-west-1.amazonaws.com/",
        "https://Example.COM:443/",
        "https://example.com:8443/",
        "http://127.0.0.1:4566/",
        "http://localhost:80/",
    ],
)
def test_the_headers_are_botocore_s(
    credentials: ReadOnlyCredentials, service: str, region: str, url: str
) -> None:
    assert_as_botocore_does(credentials=credentials, service=service, region=region, url=url)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("headers", "token", "signature"),
    [
        pytest.param(
            {},
            None,
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            id="post-vanilla",
        ),
        pytest.param(
            {"My-Header1": "VALUE1"},
            None,
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
            id="post-header-value-case",
        ),
        pytest.param(
            {},
            "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRX"
            "mxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburE"
            "Dy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL"
            "64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            id="post-sts-header-before",
        ),
    ],
)
def test_aws_s_own_examples_come_out(
    headers: dict[str, str], token: str | None, signature: str, clock: Set
) -> None:
    clock(datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    ours = authorization(
        credentials=ReadOnlyCredentials("AKIDEXAMPLE", secret, token),
        service="service",
        region="us-east-1",
        url="https://example.amazonaws.com/",
        headers=headers,
        data=b"",
    )

    assert ours.startswith(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
    )
    assert ours.endswith(f"Signature={signature}")


@pytest.mark.usefixtures("alone")
def test_a_days_key_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    signing._signing_key.cache_clear()  # noqa: SLF001  no other way to start anew
    hashed = Mock(side_effect=signing._hmac)  # noqa: SLF001
    monkeypatch.setattr(signing, "_hmac", hashed)

    for _ in range(3):
        authorization()

    assert hashed.call_count == 4 + 3  # the key's four steps, and a signature each


def test_a_new_day_has_a_new_key(clock: Set) -> None:
    authorization()
    clock(MOMENT + timedelta(seconds=3))

    assert_as_botocore_does()
    assert "/20261124/" in authorization()


def test_refreshed_credentials_are_taken_up() -> None:
    renewed = ReadOnlyCredentials(LASTING.access_key, "renewed", "new token")
    before = authorization()

    assert_as_botocore_does(credentials=renewed)
    assert authorization(credentials=renewed) != before
    assert authorization() == before


@pytest.mark.parametrize(
    "call",
    [
        pytest.param({"method": "GET", "data": None}, id="a GET"),
        pytest.param({"method": "PUT"}, id="a PUT"),
        pytest.param({"url": "https://example.com/model/m/invoke"}, id="a path"),
        pytest.param({"url": "https://example.com"}, id="no path"),
        pytest.param({"url": "https://example.com/?b=2&a=1"}, id="a query"),
        pytest.param({"params": {"a": "1"}}, id="parameters"),
        pytest.param({"url": "http://[::1]:4566/"}, id="an IPv6 address"),
        pytest.param({"url": "http://user@example.com/"}, id="a user"),
        pytest.param({"data": None}, id="no body"),
        pytest.param({"data": "text"}, id="a body of text"),
        pytest.param({"context": {"payload_signing_enabled": False}}, id="an unsigned body"),
        pytest.param({"headers": {"Host": "elsewhere"}}, id="a host"),
        pytest.param({"headers": {"Date": "long ago"}}, id="a date"),
        pytest.param({"headers": {"X-Amz-Date": "20200101T000000Z"}}, id="a date of AWS's"),
        pytest.param({"headers": {"Authorization": "another"}}, id="signed already"),
        pytest.param(
            {"headers": {"X-Amz-Security-Token": "old"}, "credentials": TEMPORARY}, id="a token"
        ),
        pytest.param({"headers": {"X-Amz-Content-SHA256": "0" * 64}}, id="a digest"),
        pytest.param(
            {"context": {"checksum": {"request_algorithm": {"in": "trailer"}}}}, id="a trailer"
        ),
    ],
)
def test_any_other_call_is_passed_on_to_botocore_s_signer(
    call: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_as_botocore_does(**call)

    passed_on: list[AWSRequest] = []
    monkeypatch.setattr(SigV4Auth, "add_auth", lambda _, request: passed_on.append(request))
    signed(JsonCallSigner, **call)
    assert passed_on


def test_without_credentials_there_is_no_signature() -> None:
    with pytest.raises(NoCredentialsError):
        signed(JsonCallSigner, credentials=None)


def test_a_header_that_is_there_twice_is_signed_as_botocore_does() -> None:
    def twice(signer: type[SigV4Auth]) -> str:
        request = AWSRequest("POST", "https://example.com/", {"A": "1"}, b"{}")
        request.headers["a"] = "2"
        signer(LASTING, "sqs", "eu-west-1").add_auth(request)
        return str(request.headers["Authorization"])

    assert twice(JsonCallSigner) == twice(SigV4Auth)
