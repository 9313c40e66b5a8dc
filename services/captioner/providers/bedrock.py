"""Captions by a vision model on Amazon Bedrock, through Converse.

One call, one answer: no retries, no sampling parameters, no prefill, no tools. What a model may not
know (structured output, effort) is left out as soon as it refuses it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError

from services.captioner.jpeg import size_of
from services.captioner.pacing import Pacer
from services.captioner.pricing import TokenPrices
from services.captioner.prompts import parse, system_prompt, user_prompt
from services.captioner.provider import (
    CaptionAnswer,
    CaptionRequest,
    InvalidOutput,
    Misconfigured,
    ProviderError,
    Refused,
    Retired,
    Spent,
    Throttled,
    Unavailable,
    Unsupported,
)
from services.captioner.providers.bedrock_errors import RAISED, FieldRefused, translated
from services.captioner.providers.bedrock_models import optional_fields, output_config
from shared.aws import aws_session, client_config

if TYPE_CHECKING:
    from aioboto3 import Session
    from aiobotocore.config import AioConfig
    from types_aiobotocore_bedrock_runtime import BedrockRuntimeClient

logger = logging.getLogger(__name__)

NAME = "bedrock"
CONNECT_TIMEOUT_S = 3
# Converse's limits for one image ("ImageBlock", "Message" in the API reference).
IMAGE_BYTES_LIMIT = 3_750_000
IMAGE_SIDE_LIMIT = 8000  # pixels
# The first call with a new schema compiles it, which can take minutes; it is kept for a day.
WARM_UP_S = 300

_REFUSALS = {
    "refusal": "refusal",
    "content_filtered": "content_filter",
    "guardrail_intervened": "guardrail",
}
_CUT_SHORT = frozenset({"max_tokens", "model_context_window_exceeded"})
_MALFORMED = frozenset({"malformed_model_output", "malformed_tool_use"})


@dataclass(frozen=True, slots=True)
class BedrockOptions:
    """How to ask. ``model`` is without the region prefix of an inference profile."""

    model: str
    region_prefix: str = ""
    max_tokens: int = 500
    prices: TokenPrices = field(default_factory=TokenPrices)
    read_timeout: float = 30.0  # seconds
    connections: int = 10
    warm_up: bool = False

    @property
    def model_id(self) -> str:
        """As Bedrock knows it."""
        return f"{self.region_prefix}.{self.model}" if self.region_prefix else self.model


class BedrockProvider:
    """A caption provider; ``pacer`` keeps it below the account's tokens per minute."""

    def __init__(
        self,
        client: "BedrockRuntimeClient",
        options: BedrockOptions,
        *,
        pacer: Pacer | None = None,
    ) -> None:
        self._client = client
        self._options = options
        self._pacer = pacer
        self._fields = optional_fields(options.model_id)

    @property
    def name(self) -> str:
        """The contract's name."""
        return NAME

    @property
    def model(self) -> str:
        """The model's id, with the region prefix."""
        return self._options.model_id

    def check(self, request: CaptionRequest) -> None:
        """Raise ``Unsupported`` for a photo that Converse takes no more of, or no JPEG."""
        if len(request.image) > IMAGE_BYTES_LIMIT:
            raise Unsupported("image_size")
        size = size_of(request.image)
        if size is None:
            raise Unsupported("image")
        if max(size) > IMAGE_SIDE_LIMIT:
            raise Unsupported("image_size")

    async def caption(self, request: CaptionRequest) -> CaptionAnswer:
        """Describe the photo in one call. Raises ``ProviderError``."""
        self.check(request)
        reserved = await self._pacer.admit() if self._pacer else 0
        response = await self._converse(
            [
                {"image": {"format": "jpeg", "source": {"bytes": request.image}}},
                {"text": user_prompt(request)},
            ]
        )
        spent = self._spent(response)
        if self._pacer:
            self._pacer.answered(reserved, spent.input_tokens, spent.output_tokens)
        return self._answer(response, request, spent)

    async def warm_up(self, client: "BedrockRuntimeClient") -> None:
        """Have the schema compiled by a small call of ``client``; a failure is only logged."""
        text = user_prompt(CaptionRequest(image=b"")) + "\nThere is no photo this time."
        try:
            await self._converse([{"text": text}], client=client)
        except ProviderError as failure:
            logger.warning("warm-up failed", extra={"provider": NAME, "reason": failure.reason})

    async def _converse(
        self, content: list[dict[str, Any]], *, client: "BedrockRuntimeClient | None" = None
    ) -> dict[str, Any]:
        fields = self._fields
        try:
            response: Any = await (client or self._client).converse(**self._body(content, fields))
        except RAISED as error:
            failure = translated(error)
            if isinstance(failure, FieldRefused) and not failure.fields & fields:
                failure = Misconfigured("bad_request")  # about nothing that could be left out
            self._learn(failure)
            # Not chained: AWS's text may quote the request.
            raise failure from None
        return dict(response)

    def _body(self, content: list[dict[str, Any]], fields: frozenset[str]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "modelId": self.model,
            "system": [{"text": system_prompt()}],
            "messages": [{"role": "user", "content": content}],
            "inferenceConfig": {"maxTokens": self._options.max_tokens},
        }
        if fields:
            body["additionalModelRequestFields"] = {"output_config": output_config(fields)}
        return body

    def _learn(self, failure: ProviderError) -> None:
        if isinstance(failure, FieldRefused):
            # By region and by week, the same model does or does not take them.
            self._fields -= failure.fields
            logger.warning(
                "model refuses a field",
                extra={"provider": NAME, "model": self.model, "fields": sorted(failure.fields)},
            )
        elif isinstance(failure, Retired):
            # An alarm counts this line.
            logger.error("model retired", extra={"provider": NAME, "model": self.model})
        elif isinstance(failure, Throttled) and self._pacer:
            self._pacer.throttled(failure.retry_after)

    def _spent(self, response: dict[str, Any]) -> Spent:
        usage = response.get("usage") or {}
        return self._options.prices.spent(usage.get("inputTokens"), usage.get("outputTokens"))

    def _answer(
        self, response: dict[str, Any], request: CaptionRequest, spent: Spent
    ) -> CaptionAnswer:
        try:
            _check_stop(response.get("stopReason"))
            texts = parse(_text(response))
        except (InvalidOutput, Refused) as failure:
            raise type(failure)(failure.reason, spent=spent) from None
        return CaptionAnswer(
            concise=texts.concise,
            creative=texts.creative,
            alt_text=texts.alt_text,
            language=texts.language or request.language,
            decorative=texts.decorative,
            model=self.model,
            spent=spent,
        )


@asynccontextmanager
async def open_bedrock(
    options: BedrockOptions, *, pacer: Pacer | None = None
) -> AsyncIterator[BedrockProvider | None]:
    """The provider with a client of its own, closed at the end of the block.

    ``None`` where there is no region or are no credentials.
    """
    session = aws_session()
    if not await _is_configured(session):
        yield None
        return
    config = call_config(options.connections, options.read_timeout)
    async with session.client("bedrock-runtime", config=config) as client:
        provider = BedrockProvider(client, options, pacer=pacer)
        async with _warming(provider, session) if options.warm_up else nullcontext():
            yield provider


def call_config(connections: int, read_timeout: float) -> "AioConfig":
    """The configuration of a client. ``read_timeout`` is in seconds, without a byte received."""
    return client_config(
        connections=connections,
        connect_timeout_s=CONNECT_TIMEOUT_S,
        read_timeout_s=read_timeout,
        # The chain tries again, and knows how much time is left.
        tries=1,
        # A client that is told its signature version ignores a Bedrock API key.
        signature_version=None,
    )


async def _is_configured(session: "Session") -> bool:
    try:
        return bool(session.region_name) and await session.get_credentials() is not None
    except BotoCoreError:
        return False


@asynccontextmanager
async def _warming(provider: BedrockProvider, session: "Session") -> AsyncIterator[None]:
    task = asyncio.create_task(_warm_up(provider, session), name="warm up bedrock")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _warm_up(provider: BedrockProvider, session: "Session") -> None:
    # With a client of its own, because only a client has a time limit.
    config = call_config(1, WARM_UP_S)
    async with session.client("bedrock-runtime", config=config) as client:
        await provider.warm_up(client)


def _check_stop(reason: object) -> None:
    if reason in _REFUSALS:
        raise Refused(_REFUSALS[str(reason)])
    if reason in _CUT_SHORT:
        raise InvalidOutput("truncated")
    if reason in _MALFORMED:
        raise InvalidOutput("malformed")


def _text(response: dict[str, Any]) -> str:
    """The text blocks; thinking and all other kinds are not for users."""
    message = (response.get("output") or {}).get("message")
    if message is None:
        # Not Bedrock's form at all: something in between answered.
        raise Unavailable("bad_response")
    return "".join(block["text"] for block in message.get("content", ()) if "text" in block)
