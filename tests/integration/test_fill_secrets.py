"""The secrets of a deployment, filled in a played account."""

import json
import uuid
from typing import Any

import boto3
import pytest

from infra.terraform.fill_secrets import fill_all


def _applied(session: boto3.Session, name: str) -> None:
    """What Terraform leaves: empty secrets, a pool and its clients."""
    manager, cognito = session.client("secretsmanager"), session.client("cognito-idp")
    for each in ("shared", "gateway", "ui"):
        manager.create_secret(Name=f"{name}/{each}")
    pool = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
    for client in ("programs", "page"):
        cognito.create_user_pool_client(UserPoolId=pool, ClientName=client, GenerateSecret=True)


def _values(session: boto3.Session, secret: str) -> dict[str, Any]:
    answer = session.client("secretsmanager").get_secret_value(SecretId=secret)
    values: dict[str, Any] = json.loads(answer["SecretString"])
    return values


@pytest.fixture
def name() -> str:
    """A deployment of this test's own."""
    return f"captions-{uuid.uuid4().hex[:8]}"


def test_missing_values_are_made_and_the_clients_is_read(aws: str, name: str) -> None:
    session = boto3.Session()
    _applied(session, name)

    added = fill_all(session, name)

    assert added == {
        "shared": ["user_hash_key"],
        "gateway": ["signing_key"],
        "ui": ["cookie_secret", "client_secret"],
    }
    hash_key = _values(session, f"{name}/shared")["user_hash_key"]
    assert len(bytes.fromhex(hash_key)) == 32
    assert hash_key != _values(session, f"{name}/gateway")["signing_key"]
    assert _values(session, f"{name}/ui")["client_secret"]


def test_a_second_run_changes_nothing(aws: str, name: str) -> None:
    session = boto3.Session()
    _applied(session, name)
    fill_all(session, name)
    before = {each: _values(session, f"{name}/{each}") for each in ("shared", "gateway", "ui")}

    added = fill_all(session, name)

    assert added == {"shared": [], "gateway": [], "ui": []}
    assert before == {each: _values(session, f"{name}/{each}") for each in before}


def test_what_is_there_stays_when_something_is_added(aws: str, name: str) -> None:
    session = boto3.Session()
    _applied(session, name)
    kept = json.dumps({"cookie_secret": "of old"})
    session.client("secretsmanager").put_secret_value(SecretId=f"{name}/ui", SecretString=kept)

    added = fill_all(session, name)

    assert added["ui"] == ["client_secret"]
    assert _values(session, f"{name}/ui")["cookie_secret"] == "of old"


def test_without_a_pool_it_says_so(aws: str, name: str) -> None:
    session = boto3.Session()
    for each in ("shared", "gateway", "ui"):
        session.client("secretsmanager").create_secret(Name=f"{name}/{each}")

    with pytest.raises(LookupError, match=name):
        fill_all(session, name)
