"""What a process of the captioner finds in its environment, but for the endpoints."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.captioner.bedrock import TEXTS, Wire, answer, message, wired


@pytest.fixture(scope="session")
async def bedrock_server() -> AsyncIterator[Wire]:
    async with wired() as wire:
        yield wire


@pytest.fixture
def wire(bedrock_server: Wire) -> Wire:
    """A client and a server that has heard nothing yet, and answers well."""
    bedrock_server.bodies = []
    bedrock_server.reply = lambda _: answer(message({"text": TEXTS}))
    return bedrock_server


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Credentials and a region; endpoints are the test's to set."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    return monkeypatch
