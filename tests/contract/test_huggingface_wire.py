"""What is sent to Hugging Face is what its chat completions document.

The schema is written from the "API specification" of
https://huggingface.co/docs/inference-providers/tasks/chat-completion and from the types that
huggingface_hub generates from the specification that its makers keep (``ChatCompletionInput``).
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from huggingface_hub import ChatCompletionInput, set_async_client_factory
from huggingface_hub.utils._http import default_async_client_factory
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from services.captioner import prompts
from services.captioner.provider import CaptionRequest
from services.captioner.providers.huggingface import HuggingFaceOptions, open_huggingface

PHOTO = b"\xff\xd8\xff\xe0 a photo"
REQUEST = CaptionRequest(PHOTO, labels=("Sofa",), language="fr", style="dry")
MODEL = "Qwen/Qwen3-VL-8B-Instruct"
TEXTS = {"concise": "Un chat", "creative": "Un chat dort.", "alt_text": "Un chat."}

NUMBER, TEXT = {"type": "number"}, {"type": "string"}


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_PART = {
    "oneOf": [
        _object("type", "text", type={"const": "text"}, text=TEXT),
        _object(
            "type", "image_url", type={"const": "image_url"}, image_url=_object("url", url=TEXT)
        ),
    ]
}
_MESSAGE = _object(
    "role",
    "content",
    role={"enum": ["system", "user", "assistant", "tool"]},
    content={"oneOf": [TEXT, {"type": "array", "items": _PART}]},
    name=TEXT,
)
_FORMAT = {
    "oneOf": [
        _object("type", type={"const": "text"}),
        _object("type", type={"const": "json_object"}),
        _object(
            "type",
            "json_schema",
            type={"const": "json_schema"},
            json_schema=_object(
                "name",
                name=TEXT,
                description=TEXT,
                schema={"type": "object"},
                strict={"type": "boolean"},
            ),
        ),
    ]
}
SCHEMA = _object(
    "model",
    "messages",
    model=TEXT,
    messages={"type": "array", "items": _MESSAGE, "minItems": 1},
    frequency_penalty=NUMBER,
    logprobs={"type": "boolean"},
    max_tokens={"type": "integer"},
    presence_penalty=NUMBER,
    response_format=_FORMAT,
    seed={"type": "integer"},
    stop={"type": "array", "items": TEXT},
    stream={"type": "boolean"},
    temperature=NUMBER,
    top_p=NUMBER,
)


@pytest.fixture
def sent() -> Iterator[list[httpx2.Request]]:
    """The requests that would have left for the internet."""
    requests: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        message = {"role": "assistant", "content": json.dumps(TEXTS)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return httpx2.Response(200, json={"choices": [choice]})

    set_async_client_factory(
        lambda: httpx2.AsyncClient(transport=httpx2.MockTransport(answer), timeout=None)
    )
    yield requests
    set_async_client_factory(default_async_client_factory)


async def _body(sent: list[httpx2.Request], base_url: str | None = None) -> dict[str, Any]:
    options = HuggingFaceOptions(model=MODEL, max_tokens=321, base_url=base_url, token="hf_x")
    async with open_huggingface(options) as provider:
        await provider.caption(REQUEST)
    [request] = sent
    body: dict[str, Any] = json.loads(request.content)
    return body


async def test_request_to_the_router_is_as_documented(sent: list[httpx2.Request]) -> None:
    body = await _body(sent)

    Draft202012Validator(SCHEMA).validate(body)
    assert str(sent[0].url) == "https://router.huggingface.co/v1/chat/completions"
    assert sent[0].headers["Authorization"] == "Bearer hf_x"


async def test_request_has_only_fields_that_the_librarys_types_know(
    sent: list[httpx2.Request],
) -> None:
    body = await _body(sent)

    assert set(body) <= set(ChatCompletionInput.__dataclass_fields__)
    # None that chooses how the model samples.
    assert set(body) == {"model", "messages", "max_tokens", "response_format", "stream"}
    assert body["stream"] is False


async def test_request_holds_prompt_photo_schema_and_limit(sent: list[httpx2.Request]) -> None:
    body = await _body(sent)

    system, user = body["messages"]
    assert system == {"role": "system", "content": prompts.system_prompt()}
    image, text = user["content"]
    head, _, data = image["image_url"]["url"].partition(",")
    assert (head, base64.b64decode(data)) == ("data:image/jpeg;base64", PHOTO)
    assert text == {"type": "text", "text": prompts.user_prompt(REQUEST)}
    assert body["response_format"]["json_schema"]["schema"] == prompts.answer_schema()
    assert (body["model"], body["max_tokens"]) == (MODEL, 321)


async def test_endpoint_of_ones_own_gets_the_schema_as_its_server_reads_it(
    sent: list[httpx2.Request],
) -> None:
    body = await _body(sent, "http://models.example/v1")

    # The client sends endpoints the form of text-generation-inference, which they run.
    assert body.pop("response_format") == {
        "type": "json_object",
        "value": prompts.answer_schema(),
    }
    Draft202012Validator(SCHEMA).validate(body)
    assert str(sent[0].url) == "http://models.example/v1/chat/completions"
    assert body["model"] == MODEL


def test_schema_would_notice_an_unknown_field() -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "top_k": 3}

    assert not Draft202012Validator(SCHEMA).is_valid(body)
