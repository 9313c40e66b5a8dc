"""Captions by a vision chat model that Hugging Face's router, or an endpoint of one's own, serves.

One call a caption. What the service says when it fails never leaves this module: it may quote the
prompt.
"""

import base64
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from httpx2 import HTTPError
from huggingface_hub import (
    AsyncInferenceClient,
    ChatCompletionInputJSONSchema,
    ChatCompletionInputMessage,
    ChatCompletionInputResponseFormatJSONSchema,
    ChatCompletionOutput,
)
from huggingface_hub.errors import HfHubHTTPError, InferenceTimeoutError

from services.captioner import prompts
from services.captioner.pricing import TokenPrices
from services.captioner.provider import (
    CaptionAnswer,
    CaptionRequest,
    InvalidOutput,
    Refused,
    Retired,
    Spent,
    Unavailable,
)
from services.captioner.providers.huggingface_errors import failure_of
from services.captioner.providers.huggingface_token import check_token, read_token

logger = logging.getLogger(__name__)

NAME = "huggingface"


@dataclass(frozen=True, slots=True)
class HuggingFaceOptions:
    """``model`` is its name on the hub.

    ``base_url`` is an endpoint that speaks chat completions; ``None`` is the router. The token is
    given itself, or by the name or ARN of the Secrets Manager secret that holds it.
    """

    model: str
    max_tokens: int = 500
    base_url: str | None = None
    token: str | None = field(default=None, repr=False)
    token_secret: str | None = None
    prices: TokenPrices = field(default_factory=TokenPrices)
    read_timeout: float = 30.0  # seconds


class HuggingFaceProvider:
    """Asks a chat model for all texts at once."""

    def __init__(self, client: AsyncInferenceClient, options: HuggingFaceOptions) -> None:
        self._client = client
        self._options = options

    @property
    def name(self) -> str:
        """The contract's name."""
        return NAME

    @property
    def model(self) -> str:
        """The model's name on the hub."""
        return self._options.model

    def check(self, request: CaptionRequest) -> None:
        """Any photo and language: the model is asked for the language, and quality checks it."""

    async def caption(self, request: CaptionRequest) -> CaptionAnswer:
        """Describe the photo with one call; raises ``ProviderError``."""
        answer = await self._ask(request)
        spent = self._spent(answer.usage)
        try:
            texts = prompts.parse(_text(answer, spent))
        except InvalidOutput as error:
            raise InvalidOutput(error.reason, spent=spent) from None
        return CaptionAnswer(
            concise=texts.concise,
            creative=texts.creative,
            alt_text=texts.alt_text,
            language=texts.language or request.language,
            model=self.model,
            decorative=texts.decorative,
            spent=spent,
        )

    async def _ask(self, request: CaptionRequest) -> ChatCompletionOutput:
        # Without temperature and the like: which of them a model takes is its own affair.
        try:
            return await self._client.chat_completion(
                _messages(request),
                model=self._options.model,
                max_tokens=self._options.max_tokens,
                response_format=_response_format(),
            )
        except InferenceTimeoutError:
            raise Unavailable("timeout") from None
        except HfHubHTTPError as error:
            failure = failure_of(error.response)
            if isinstance(failure, Retired):
                # An alarm counts this line.
                logger.error("model retired", extra={"provider": NAME, "model": self.model})
            raise failure from None
        except HTTPError:
            raise Unavailable("connection") from None
        except (ValueError, TypeError, AttributeError):
            raise InvalidOutput("not_json") from None  # an answer, and not a chat completion

    def _spent(self, usage: object) -> Spent:
        counts = usage if isinstance(usage, dict) else {}
        return self._options.prices.spent(
            _count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens"))
        )


@asynccontextmanager
async def open_huggingface(options: HuggingFaceOptions) -> AsyncIterator[HuggingFaceProvider]:
    """The provider with a client of its own, closed at the end of the block.

    Raises ``BadToken`` if there is no token, or one that can't be read or can't work.
    """
    token = options.token
    if token is None and options.token_secret is not None:
        token = await read_token(options.token_secret)
    checked = check_token(token or "", for_router=options.base_url is None)
    async with AsyncInferenceClient(
        base_url=options.base_url, token=checked, timeout=options.read_timeout
    ) as client:
        yield HuggingFaceProvider(client, options)


def _messages(request: CaptionRequest) -> list[dict[Any, Any] | ChatCompletionInputMessage]:
    photo = base64.b64encode(request.image).decode()
    return [
        {"role": "system", "content": prompts.system_prompt()},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{photo}"}},
                {"type": "text", "text": prompts.user_prompt(request)},
            ],
        },
    ]


def _response_format() -> ChatCompletionInputResponseFormatJSONSchema:
    schema = ChatCompletionInputJSONSchema(
        name="caption", schema=prompts.answer_schema(), strict=True
    )
    return ChatCompletionInputResponseFormatJSONSchema(type="json_schema", json_schema=schema)


def _text(answer: ChatCompletionOutput, spent: Spent) -> str:
    """What the model said, without what it thought: that stands in fields of its own."""
    # The client's types promise a list of choices; it checks nothing of what came over the wire.
    choices: object = answer.choices
    choice = choices[0] if isinstance(choices, list) and choices else None
    reason, message = getattr(choice, "finish_reason", None), getattr(choice, "message", None)
    if reason == "content_filter":
        raise Refused("content_filter", spent=spent)
    if not isinstance(message, dict):
        raise InvalidOutput("no_text", spent=spent)
    if message.get("refusal"):
        raise Refused("refusal", spent=spent)
    if reason == "length":
        raise InvalidOutput("truncated", spent=spent)
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise InvalidOutput("no_text", spent=spent)
    return content


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
