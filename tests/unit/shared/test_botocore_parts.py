"""What botocore has of ours does what its own would do, for less."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aioboto3
import pytest
from aiobotocore.session import get_session

from shared.aws import aws_session
from shared.botocore_parts import SERVICES, loader

ROOT = Path(__file__).parents[3]
CLIENTS = {
    "bedrock-runtime": "bedrock",
    "cloudwatch": "monitoring",
    "dynamodb": "dynamodb",
    "rekognition": "rekognition",
    "s3": "s3",
    "sagemaker-runtime": "runtime.sagemaker",
    "secretsmanager": "secretsmanager",
    "sqs": "sqs",
    "sts": "sts",
}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a client possible, and nothing that sends it elsewhere than to AWS."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("service", CLIENTS)
async def test_a_client_goes_where_a_plain_one_goes(service: str, region: str) -> None:
    assert await described(aws_session(), service, region) == await described(
        aioboto3.Session(), service, region
    )


async def described(session: aioboto3.Session, service: str, region: str) -> list[Any]:
    """Where the client's requests go, and how they are signed."""
    async with session.client(service, region_name=region) as client:
        rules = client._ruleset_resolver._provider  # noqa: SLF001  no other way to their answer
        endpoint = rules.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False)
        meta = client.meta
        signed = (meta.partition, meta.region_name, meta.config.signature_version)
        return [meta.endpoint_url, *signed, endpoint.url, endpoint.properties]


def test_every_client_that_is_made_is_of_a_service_whose_endpoints_are_kept() -> None:
    made = {
        name
        for folder in ("services", "shared")
        for path in ROOT.joinpath(folder).rglob("*.py")
        for name in re.findall(r'client\(\s*"([^"]+)"', path.read_text())
    }

    assert made >= {"dynamodb", "s3", "sqs"}
    assert {CLIENTS[name] for name in made} <= SERVICES


def test_names_of_services_are_those_of_the_file() -> None:
    partitions = get_session().get_component("data_loader").load_data("endpoints")["partitions"]

    assert set(partitions[0]["services"]) >= SERVICES


def test_a_models_operations_and_shapes_are_whole_but_for_their_documentation() -> None:
    plain = get_session().get_component("data_loader").load_service_model("s3", "service-2")
    # A new one: clients change what they are given.
    ours = loader.__wrapped__().load_service_model("s3", "service-2")

    assert any(isinstance(text, str) for text in _documentation(plain["shapes"]))
    for part in ("operations", "shapes"):
        assert not any(isinstance(text, str) for text in _documentation(ours[part]))
        assert _without(plain[part]) == ours[part]
    assert set(plain) == set(ours)


def _documentation(content: Any) -> Iterator[Any]:
    if isinstance(content, dict):
        yield from (each for name, each in content.items() if name == "documentation")
    if isinstance(content, dict | list):
        for each in content.values() if isinstance(content, dict) else content:
            yield from _documentation(each)


def _without(content: Any) -> Any:
    if isinstance(content, dict):
        return {
            name: _without(each)
            for name, each in content.items()
            if not (name == "documentation" and isinstance(each, str))
        }
    return [_without(each) for each in content] if isinstance(content, list) else content
