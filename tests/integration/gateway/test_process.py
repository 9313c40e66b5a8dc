"""``python -m services.gateway`` as a process: it says when it is ready, and stops politely."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import pytest
from aiohttp import ClientSession, TraceConfig

from tests.integration.gateway.conftest import Aws, provision, settings_of
from tests.integration.gateway.issuer import Issuer
from tests.integration.gateway.processes import environment_of, start
from tests.integration.gateway.test_submission import JPEG


@dataclass
class Process:
    """A gateway process and the lines it has logged."""

    process: asyncio.subprocess.Process
    port: int

    async def rest(self) -> str:
        """Everything that it logs until its end."""
        assert self.process.stdout is not None
        return (await self.process.stdout.read()).decode()


@pytest.fixture
async def running(moto: Aws, issuer: Issuer) -> AsyncIterator[Process]:
    settings = settings_of(await provision(moto), issuer, port=0)
    environment = {**os.environ, **environment_of(settings)}
    process = await start(environment)
    assert process.stdout is not None
    line = json.loads(await process.stdout.readline())
    assert line["event"] == "ready"
    yield Process(process, line["port"])
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_sigterm_ends_long_polls_at_once_and_exits_with_zero(
    running: Process, issuer: Issuer
) -> None:
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    url = f"http://127.0.0.1:{running.port}"
    sent = asyncio.Event()
    tracing = TraceConfig()
    tracing.on_request_headers_sent.append(partial(_set, sent))
    async with (
        ClientSession(base_url=url) as http,
        ClientSession(base_url=url, trace_configs=[tracing]) as poller,
    ):
        submitted = await http.post("/v1/images", data=JPEG, headers=headers)
        polling = asyncio.create_task(
            poller.get(f"{submitted.headers['Location']}?wait=20", headers=headers)
        )
        await asyncio.wait_for(sent.wait(), 10)
        # Answered by the same loop, so the poll that was sent before it has begun.
        await http.get("/healthz")

        running.process.send_signal(signal.SIGTERM)
        response = await asyncio.wait_for(polling, 5)

        assert (await response.json())["status"] == "queued"
    assert await asyncio.wait_for(running.process.wait(), 10) == 0
    lines = [json.loads(line) for line in (await running.rest()).splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["status"] for line in requests] == [202, 200]
    assert all(line["trace_id"] for line in requests)
    assert lines[-1]["event"] == "stopped"


async def _set(event: asyncio.Event, *_: object) -> None:
    event.set()


async def test_bytes_that_the_parser_refuses_are_not_logged(running: Process) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(b"GET / HTTP/1.1\r\nAuthorization: Bearer " + b"SECRET" * 2000 + b"\r\n\r\n")
    await reader.readline()
    writer.close()

    running.process.terminate()
    await asyncio.wait_for(running.process.wait(), 10)

    logged = await running.rest()
    assert "LineTooLong" in logged
    assert "SECRET" not in logged


async def test_missing_setting_stops_the_process_with_a_line_that_names_it() -> None:
    process = await start({"PATH": os.environ["PATH"]})

    output, _ = await asyncio.wait_for(process.communicate(), 20)

    assert process.returncode == 2
    assert b"GATEWAY_SIGNING_KEY" in output
