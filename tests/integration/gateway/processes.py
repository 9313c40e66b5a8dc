"""Gateways as processes of their own, told by environment variables what a test's settings say."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from services.gateway.settings import Settings

ROOT = Path(__file__).parents[3]


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that a process reads as ``settings``."""
    values = settings.model_dump(exclude_none=True)
    return {f"GATEWAY_{name.upper()}": _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(value) if isinstance(value, tuple) else str(value)


async def start(environment: dict[str, str]) -> asyncio.subprocess.Process:
    """A gateway process with exactly this environment."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.gateway",
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )


@dataclass(frozen=True)
class RunningGateway:
    """Where a gateway process answers, and its process id."""

    url: str
    pid: int


@asynccontextmanager
async def gateway_process(settings: Settings, endpoint: str) -> AsyncIterator[RunningGateway]:
    """A gateway process on the AWS at ``endpoint``."""
    aws = {"AWS_ENDPOINT_URL": endpoint}
    process = await start({**os.environ, **environment_of(settings), **aws})
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    assert ready["event"] == "ready", ready
    draining = asyncio.create_task(_read_on(process.stdout))
    try:
        yield RunningGateway(f"http://127.0.0.1:{ready['port']}", process.pid)
    finally:
        process.terminate()
        await process.wait()
        await draining


async def _read_on(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass
