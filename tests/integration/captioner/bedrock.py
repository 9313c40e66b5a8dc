"""Bedrock providers for tests, and a server that answers Converse with what it was told."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aioboto3
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from services.captioner.pacing import Pacer
from services.captioner.pricing import TokenPrices
from services.captioner.provider import CaptionRequest, ProviderError
from services.captioner.providers.bedrock import (
    BedrockOptions,
    BedrockProvider,
    call_config,
    open_bedrock,
)

ENDPOINT = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
MODEL = "anthropic.claude-haiku-5-5"
TEXTS = '{"concise": "A cat", "creative": "A cat sleeps.", "alt_text": "A cat.", "language": "en"}'


def jpeg(width: int = 40, height: int = 30) -> bytes:
    """A photo, as ingest leaves it but for its size."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG")
    return out.getvalue()


REQUEST = CaptionRequest(image=jpeg(), labels=("Cat",), style="dry")


def message(*blocks: dict[str, Any], stop: str = "end_turn") -> dict[str, Any]:
    """The body of an answer of 100 tokens in and 20 out."""
    return {
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": stop,
        "usage": {"inputTokens": 100, "outputTokens": 20, "totalTokens": 120},
        "metrics": {"latencyMs": 1},
    }


def answer(body: object) -> web.Response:
    return web.json_response(body)


def error(
    code: str, status: int, text: str = "No.", headers: dict[str, str] | None = None
) -> web.Response:
    """As AWS refuses a call."""
    return web.json_response(
        {"message": text}, status=status, headers={"x-amzn-ErrorType": code, **(headers or {})}
    )


@dataclass
class Wire:
    """A client, and a server at its other end that answers every call by ``reply``."""

    client: Any = None
    url: str = ""
    reply: Callable[[dict[str, Any]], web.Response] = lambda _: answer(message({"text": TEXTS}))
    bodies: list[dict[str, Any]] = field(default_factory=list)
    signed: str = ""  # how the last call was

    def provider(self, *, pacer: Pacer | None = None, **options: Any) -> BedrockProvider:
        """A provider that has learned nothing yet."""
        return BedrockProvider(self.client, _options(options), pacer=pacer)

    async def handle(self, request: web.Request) -> web.Response:
        self.signed = request.headers["Authorization"]
        self.bodies.append(await request.json())
        return self.reply(self.bodies[-1])


@asynccontextmanager
async def wired() -> AsyncIterator[Wire]:
    """A client and the server that it speaks to. Making a client takes half a second."""
    wire = Wire()
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/model/{model}/converse", wire.handle)
    async with TestServer(app) as server:
        wire.url = str(server.make_url("")).rstrip("/")
        async with aioboto3.Session().client(
            "bedrock-runtime",
            endpoint_url=wire.url,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=call_config(4, 5.0),
        ) as wire.client:
            yield wire


@asynccontextmanager
async def provider(*, pacer: Pacer | None = None, **options: Any) -> AsyncIterator[BedrockProvider]:
    """A provider for the endpoint in the environment."""
    async with open_bedrock(_options(options), pacer=pacer) as opened:
        assert opened is not None
        yield opened


async def failure_of(
    wire: Wire, reply: web.Response | dict[str, Any], **options: Any
) -> ProviderError:
    """What the chain hears of such a reply, which takes one call."""
    response = answer(reply) if isinstance(reply, dict) else reply
    wire.reply = lambda _: response
    with pytest.raises(ProviderError) as failed:
        await wire.provider(**options).caption(REQUEST)
    assert len(wire.bodies) == 1
    return failed.value


def _options(changes: dict[str, Any]) -> BedrockOptions:
    given: dict[str, Any] = {
        "model": MODEL,
        "region_prefix": "us",
        "prices": TokenPrices(1.0, 5.0),
        "read_timeout": 5.0,
    }
    return BedrockOptions(**given | changes)
