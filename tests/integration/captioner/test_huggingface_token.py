"""The token of Hugging Face: read from Secrets Manager at start, and never told."""

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aioboto3
import pytest

from services.captioner.providers.huggingface import HuggingFaceOptions, open_huggingface
from services.captioner.providers.huggingface_token import BadToken, check_token, read_token

TOKEN = "hf_abcdefghijklmnop"


@pytest.fixture(scope="module")
async def secrets(aws: str) -> AsyncIterator[Any]:
    async with aioboto3.Session().client("secretsmanager") as client:
        yield client


async def _stored(secrets: Any, **value: Any) -> str:
    name = f"huggingface-{uuid.uuid4().hex}"
    return str((await secrets.create_secret(Name=name, **value))["ARN"])


@pytest.mark.parametrize("text", [TOKEN, f" {TOKEN}\n", json.dumps({"token": TOKEN})])
async def test_secret_is_the_token_or_an_object_with_it(secrets: Any, text: str) -> None:
    assert await read_token(await _stored(secrets, SecretString=text)) == TOKEN


async def test_secret_is_found_by_its_name_too(secrets: Any) -> None:
    name = f"huggingface-{uuid.uuid4().hex}"
    await secrets.create_secret(Name=name, SecretString=TOKEN)

    assert await read_token(name) == TOKEN


async def test_missing_secret_stops_the_start_and_is_named_by_its_code(aws: str) -> None:
    with pytest.raises(BadToken, match="ResourceNotFoundException"):
        await read_token("no-such-secret")


@pytest.mark.parametrize(
    "value",
    [
        {"SecretString": '{"other": "hf_hidden"}'},
        {"SecretString": '{"token": 7}'},
        {"SecretString": "{hf_hidden"},
        {"SecretString": "hf_hidden with spaces"},
        {"SecretString": "hf_hidden\u00e9"},
        {"SecretString": "hf_hidden\nX-Header: 1"},
        {"SecretString": "sk-hidden"},
        {"SecretBinary": b"hf_hidden"},
    ],
    ids=str,
)
async def test_secret_without_a_token_stops_the_start_and_is_not_told(
    secrets: Any, value: dict[str, Any]
) -> None:
    options = HuggingFaceOptions(model="a/b", token_secret=await _stored(secrets, **value))

    with pytest.raises(BadToken) as raised:
        async with open_huggingface(options):
            pass

    assert "hidden" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_unreachable_secrets_manager_stops_the_start(
    aws: str, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(BadToken, match="EndpointConnectionError"):
        await read_token("any")


def test_endpoint_of_ones_own_takes_any_word() -> None:
    assert check_token("any-word", for_router=False) == "any-word"
    with pytest.raises(BadToken, match="hf_"):
        check_token("any-word", for_router=True)


async def test_no_token_at_all_stops_the_start() -> None:
    with pytest.raises(BadToken):
        async with open_huggingface(HuggingFaceOptions(model="a/b")):
            pass


def test_token_is_not_in_the_options_text() -> None:
    assert TOKEN not in repr(HuggingFaceOptions(model="a/b", token=TOKEN))
