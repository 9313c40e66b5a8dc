"""What tests of several real processes share: the emulated AWS of `make up`, and a sign-in."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.conftest import ministack
from tests.integration.gateway.conftest import Aws, clients, issuer

__all__ = ["issuer", "ministack"]


@pytest.fixture
async def emulated(ministack: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Aws]:
    """The emulated AWS with clients, and its credentials in the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    async with clients(ministack) as made:
        yield made
