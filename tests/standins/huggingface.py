"""The Hugging Face router's chat completions on the wire, for a model that sees.

https://huggingface.co/docs/inference-providers/tasks/chat-completion
"""

import base64
import json
import re
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.standins import texts
from tests.standins.faults import Fault, Mode
from tests.standins.pictures import Picture, Unreadable, seen
from tests.standins.wire import Answer, Call, Refused, Service, chosen, has_token, json_answer

_DATA_URL = re.compile(r"data:image/(?:jpeg|png|webp);base64,(.+)", re.DOTALL)
_OWNER_AND_NAME = re.compile(r"[\w.-]+/[\w.-]+(?::[\w-]+)?")
_RETRY_AFTER_S = "1"
_MAX_TOKENS = 1024  # of an answer, where the call names no limit
_SORRY = "I'm sorry, but I can't help with that."

_PLAIN = {
    "internal": (500, "Internal Server Error"),
    "bad_gateway": (502, "Bad Gateway"),
    "unauthorized": (401, "Invalid username or password."),
    "payment_required": (402, "You have exceeded your monthly included credits."),
}
_CODES: Mapping[Mode, tuple[str, ...]] = {
    "throttle": ("rate_limited",),
    "error": ("loading", "not_found", *_PLAIN),
    "refusal": ("content_filter", "stop"),
    "retired": ("retired",),
    "bad_json": ("text", "body"),
}


async def _receive(request: web.Request) -> Call:
    if not has_token(request):
        raise Refused(_error("unauthorized"))
    try:
        document: dict[str, Any] = json.loads(await request.read())
        model = str(document["model"])
        parts = [part for message in document["messages"] for part in _parts(message)]
        images = [part["image_url"] for part in parts if part["type"] == "image_url"]
        data = [_decoded(image["url"]) for image in images]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(_invalid("The body is not a chat completion.")) from None
    if not _OWNER_AND_NAME.fullmatch(model):
        raise Refused(_error("not_found", model))
    if document.get("stream") or len(images) > 1:
        raise Refused(_invalid("A stand-in takes one image and does not stream."))
    picture = await _seen(data[0]) if data else None
    for image in images:  # it is what will be shown
        image["url"] = picture.shown if picture else None
    prompt = "\n".join(part["text"] for part in parts if part["type"] == "text")
    limit = document.get("max_tokens", document.get("max_completion_tokens", _MAX_TOKENS))
    extra = {"prompt": prompt, "limit": int(limit)}
    return Call(model.partition(":")[0], picture, {"model": model, "body": document}, extra)


def _parts(message: Mapping[str, Any]) -> list[Any]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _decoded(url: str) -> bytes:
    match = _DATA_URL.fullmatch(url)
    if match is None:
        raise ValueError("not the data URL of an image")
    return base64.b64decode(match.group(1), validate=True)


async def _seen(data: bytes) -> Picture:
    try:
        return await seen(data)
    except Unreadable:
        raise Refused(_invalid("cannot identify image file")) from None


def _answer(call: Call, fault: Fault) -> Answer:
    prompt: str = call.extra["prompt"]
    whole = texts.answer_text(call.picture, prompt) if fault.text is None else fault.text
    if fault.mode == "bad_json":
        whole = texts.broken(whole)
    text, is_cut = texts.within(whole, call.extra["limit"])
    thinking = "A stand-in thinks of nothing." if fault.reasoning else None
    return _completion(call, text, "length" if is_cut else "stop", thinking)


def _completion(call: Call, text: str, reason: str, thinking: str | None = None) -> Answer:
    sent = texts.tokens_of(call.extra["prompt"]) + texts.tokens_of_image(call.picture)
    got = texts.tokens_of(text)
    message = {"role": "assistant", "content": text}
    if thinking:
        message["reasoning_content"] = thinking
    return json_answer(
        200,
        {
            "id": f"chatcmpl-{uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": call.model,
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got},
        },
    )


def _failure(call: Call, fault: Fault) -> Answer:
    code = chosen(_CODES, fault)
    if fault.mode == "refusal":
        return _completion(call, _SORRY, code)
    return _error(code, call.model)


def _error(code: str, model: str = "") -> Answer:
    match code:
        case "rate_limited":
            return json_answer(429, {"error": "Too Many Requests"}, Retry_After=_RETRY_AFTER_S)
        case "loading":
            error = f"Model {model} is currently loading"
            return json_answer(503, {"error": error, "estimated_time": 12.3})
        case "retired":
            gone = f"The requested model {model} is deprecated and no longer supported."
            return json_answer(410, {"error": gone})
        case "not_found":
            return json_answer(404, {"error": f"The requested model '{model}' does not exist"})
        case _:
            status, text = _PLAIN[code]
            return json_answer(status, {"error": text})


def _invalid(text: str) -> Answer:
    return json_answer(400, {"error": {"message": text, "type": "invalid_request_error"}})


SERVICE = Service("huggingface", _receive, _answer, _failure, _CODES)
