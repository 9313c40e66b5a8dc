"""What AWS's refusals mean to us, and what our clients do for each call."""

import base64
import hashlib
import json
from typing import Any
from unittest.mock import Mock

import botocore
import pytest
from botocore.endpoint_provider import RuleSet
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from botocore.useragent import UserAgentComponent

from shared.aws import aws_session, calls_to, client_config, s3_config
from shared.errors import DependencyUnavailable
from shared.object_store import ObjectStore
from tests.unit.shared.unsent import Unsent


def refusal(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "UpdateItem")  # type: ignore[arg-type]  # as much as is looked at


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(refusal("ThrottlingException"), id="throttled"),
        pytest.param(refusal("SomethingNew", 503), id="a fault on their side"),
        pytest.param(refusal("TransactionConflictException"), id="a transaction on the same item"),
        pytest.param(refusal("TransactionInProgressException"), id="the same transaction, begun"),
        pytest.param(TimeoutError(), id="no answer"),
    ],
)
def test_what_passes_by_itself_is_a_dependency_that_is_unavailable(error: Exception) -> None:
    with pytest.raises(DependencyUnavailable), calls_to("dynamodb"):
        raise error


def test_a_refusal_that_stays_one_is_passed_on() -> None:
    with pytest.raises(ClientError), calls_to("dynamodb"):
        raise refusal("AccessDeniedException")


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What signs requests that are never sent."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("credentials")
async def test_user_agent_names_botocore_and_is_put_together_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with aws_session().client("dynamodb", config=client_config(connections=1)) as dynamodb:
        unsent = Unsent(dynamodb)
        monkeypatch.setattr(UserAgentComponent, "to_string", Mock(side_effect=AssertionError))
        for _ in range(2):
            await dynamodb.get_item(TableName="t", Key={"PK": {"S": "p"}})

    agents = [headers["User-Agent"] for headers in unsent.headers]
    assert len(agents) == 2
    assert agents[0] == agents[1]
    assert f"botocore/{botocore.__version__}" in agents[0]


@pytest.mark.usefixtures("credentials")
async def test_where_a_bucket_is_is_worked_out_once_for_all_of_its_objects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluate, worked_out = RuleSet.evaluate, []

    def counted(self: RuleSet, given: dict[str, Any]) -> Any:
        worked_out.append(given)
        return evaluate(self, given)

    monkeypatch.setattr(RuleSet, "evaluate", counted)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)  # of an emulator that serves other tests
    async with aws_session().client("s3", config=s3_config(connections=1)) as s3:
        unsent = Unsent(s3, body=b"")
        for number in range(3):
            await s3.put_object(Bucket="photos-of-ours", Key=f"incoming/{number}", Body=b"x")

    assert [request.url for request in unsent.requests] == [
        f"https://photos-of-ours.s3.eu-west-1.amazonaws.com/incoming/{number}"
        for number in range(3)
    ]
    assert len(worked_out) == 1


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("endpoint", [None, "https://localhost:1", "http://localhost:1"])
async def test_a_put_signs_its_checksum_and_is_not_hashed_once_more(
    endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    if endpoint is not None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    async with aws_session().client("s3", config=s3_config(connections=1)) as s3:
        unsent = Unsent(s3, body=b"")
        objects = ObjectStore(s3, "photos-of-ours")
        await objects.put("k", b"x", content_type="image/jpeg")
        digest = hashlib.sha256(b"x")
        await objects.put("k", b"x", content_type="image/jpeg", sha256=digest.hexdigest())

    assert len(unsent.requests) == 2
    for request in unsent.requests:
        assert request.headers["X-Amz-Content-SHA256"] == b"UNSIGNED-PAYLOAD"
        assert request.headers["x-amz-checksum-sha256"] == base64.b64encode(digest.digest())
        signed = request.headers["Authorization"].decode().partition("SignedHeaders=")[2]
        assert "x-amz-checksum-sha256" in signed.partition(",")[0].split(";")


def test_endpoint_rules_for_s3_do_not_look_at_the_key() -> None:
    rules = create_loader().load_service_model("s3", "endpoint-rule-set-1")["rules"]

    assert '"Bucket"' in json.dumps(rules)
    assert '"Key"' not in json.dumps(rules)
