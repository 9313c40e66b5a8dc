"""A stand-in for each test, and real clients that make one attempt."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import aioboto3
import pytest
from botocore.config import Config

from tests.standins.running import Standin, running_standins


class ClientOf(Protocol):
    """``async with client_of("rekognition", patience=0.5) as client``.

    Patience is for the answer, in seconds: on a busy machine a connection alone may take as long.
    """

    def __call__(self, name: str, *, patience: float = 10) -> AbstractAsyncContextManager[Any]: ...


@pytest.fixture
async def standin() -> AsyncIterator[Standin]:
    """All services in good health."""
    async with running_standins() as running:
        yield running


@pytest.fixture
def client_of(standin: Standin) -> ClientOf:
    """The real client of a service, which makes one attempt."""
    session = aioboto3.Session("key", "secret", region_name="us-east-1")

    def client(name: str, *, patience: float = 10) -> AbstractAsyncContextManager[Any]:
        config = Config(
            connect_timeout=10, read_timeout=patience, retries={"total_max_attempts": 1}
        )
        made: AbstractAsyncContextManager[Any] = session.client(
            name, endpoint_url=standin.url, config=config
        )
        return made

    return client
