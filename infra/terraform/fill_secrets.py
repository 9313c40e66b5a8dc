"""Puts values into the secrets that Terraform made empty; run again, it changes nothing.

``python infra/terraform/fill_secrets.py captions-prod`` with an account's credentials and region.
Values are made here or read from Cognito. They are printed nowhere, and are no part of a state.
"""

import argparse
import json
import secrets
import sys
from collections.abc import Callable, Mapping
from typing import Any

import boto3

KEY_BYTES = 32

Value = Callable[[], str]


def random_key() -> str:
    """256 bits as hexadecimal digits, which need no quoting anywhere."""
    return secrets.token_hex(KEY_BYTES)


def client_secret(cognito: Any, pool: str) -> str:
    """The secret of the page's client in the user pool called ``pool``.

    Raises ``LookupError`` if there is no such pool or client: Terraform has to be applied first.
    """
    pools = _all(cognito, "list_user_pools", "UserPools", MaxResults=60)
    pool_id = next((each["Id"] for each in pools if each["Name"] == pool), None)
    if pool_id is None:
        raise LookupError(f"no user pool {pool}")
    clients = _all(
        cognito, "list_user_pool_clients", "UserPoolClients", UserPoolId=pool_id, MaxResults=60
    )
    client_id = next((each["ClientId"] for each in clients if each["ClientName"] == "page"), None)
    if client_id is None:
        raise LookupError(f"no client page in {pool}")
    answer = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    return str(answer["UserPoolClient"]["ClientSecret"])


def fill(manager: Any, secret: str, wanted: Mapping[str, Value]) -> list[str]:
    """Add what is missing of ``wanted`` to the JSON in ``secret``; the names that were added.

    What is there stays: another hash key would cut every user off from their own data.
    """
    try:
        there: dict[str, str] = json.loads(
            manager.get_secret_value(SecretId=secret)["SecretString"]
        )
    except manager.exceptions.ResourceNotFoundException:
        there = {}  # made, and without a value so far; if it is not made, the put below says so
    missing = [name for name in wanted if not there.get(name)]
    if missing:
        there |= {name: wanted[name]() for name in missing}
        manager.put_secret_value(SecretId=secret, SecretString=json.dumps(there))
    return missing


def fill_all(session: boto3.Session, name: str) -> dict[str, list[str]]:
    """Fill all secrets of the deployment ``name`` (project-environment); what was added to each."""
    manager, cognito = session.client("secretsmanager"), session.client("cognito-idp")
    wanted: dict[str, dict[str, Value]] = {
        "shared": {"user_hash_key": random_key},
        "gateway": {"signing_key": random_key},
        "ui": {
            "cookie_secret": random_key,
            "client_secret": lambda: client_secret(cognito, name),
        },
    }
    return {each: fill(manager, f"{name}/{each}", values) for each, values in wanted.items()}


def _all(client: Any, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator(operation).paginate(**arguments)
    return [each for page in pages for each in page[key]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Put values into the secrets of a deployment.")
    parser.add_argument("name", help="project and environment, such as captions-prod")
    for made, names in fill_all(boto3.Session(), parser.parse_args().name).items():
        sys.stdout.write(f"{made}: {', '.join(names) or 'nothing to add'}\n")
