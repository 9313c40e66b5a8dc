"""Bytes to a gateway and back, without a client that would know better than to send them."""

import asyncio
import json
import logging
from dataclasses import dataclass, field

import pytest

from tests.integration.gateway.conftest import Gateway

# In what is sent, and never to be seen again: not in an answer, not in a log.
MARK = "H0ST1LE"
WITHIN_S = 8.0


@dataclass(frozen=True)
class Answer:
    """What came back: the interim answers' number, the last one's status, headers and body."""

    status: int | None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes = b""

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


async def converse(gateway: Gateway, *parts: bytes, half_close: bool = False) -> Answer:
    """Send ``parts``, and read until the gateway closes."""
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    raw = b""
    async with asyncio.timeout(WITHIN_S):
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            if half_close:
                writer.write_eof()
            while chunk := await reader.read(65536):
                raw += chunk
                if complete(raw):
                    break
        except ConnectionError:
            pass
        finally:
            writer.close()
    return parsed(raw)


def complete(raw: bytes) -> bool:
    answer = parsed(raw)
    length = int(answer.headers.get("content-length", "-1"))
    return answer.status is not None and answer.status >= 200 and 0 <= length <= len(answer.body)


def parsed(raw: bytes) -> Answer:
    head, found, body = raw.partition(b"\r\n\r\n")
    if not found:
        return Answer(None, raw=raw)
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    if status < 200:
        return parsed(body) if body else Answer(None, raw=raw)
    pairs = (line.partition(":") for line in lines[1:])
    return Answer(status, {k.lower(): v.strip() for k, _, v in pairs}, body, raw)


def request(method: str, target: str, *headers: str, token: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: gateway.test", f"Authorization: Bearer {token}"]
    return ("\r\n".join([*lines, *headers]) + "\r\n\r\n").encode("latin-1") + body


def assert_is_problem(answer: Answer, statuses: set[int]) -> None:
    assert answer.status in statuses, answer.raw[:300]
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert MARK.encode() not in answer.raw


def assert_log_is_silent(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """No line quotes what was sent or has a token, and nothing is called an error of ours."""
    # moto serves in this process too, and its server logs a connection that we closed on it.
    records = [record for record in caplog.records if not record.name.startswith("werkzeug")]
    lines = [f"{vars(record)} {record.exc_text}" for record in records]
    assert not any(MARK in line or gateway.token() in line for line in lines)
    assert not any("Traceback" in line for line in lines)
    assert not [record for record in records if record.levelno >= logging.ERROR]
