"""Bedrock's Converse on the wire, as a current Claude model answers and refuses there."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.standins import texts
from tests.standins.converse_rules import Invalid, check, image_parts, prompt_of
from tests.standins.faults import Fault, Mode
from tests.standins.pictures import Picture, Unreadable, seen
from tests.standins.wire import (
    Answer,
    Call,
    Refused,
    Service,
    aws_error,
    chosen,
    has_token,
    is_signed,
    json_answer,
    unsigned,
)

# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html
_LARGEST = 3_932_160  # bytes: 3.75 MB
_LONGEST_SIDE = 8000  # pixels
_MAX_TOKENS = 4096  # of an answer, where the call names no limit
_SORRY = "I'm not able to help with this."

_ERRORS = {
    "ServiceUnavailableException": (503, "The service is temporarily unavailable."),
    "InternalServerException": (500, "The system encountered an unexpected error."),
    "ModelTimeoutException": (408, "Model has timed out in processing the request."),
    "ModelErrorException": (424, "The model failed while it processed the request."),
    "ModelNotReadyException": (429, "The model is not ready for inference."),
    "AccessDeniedException": (403, "You don't have access to the model with the specified ID."),
    "ValidationException": (400, "The request is invalid."),
    "ThrottlingException": (429, "Too many tokens, please wait before trying again."),
    "ServiceQuotaExceededException": (400, "Your request exceeds the service quota."),
    "ResourceNotFoundException": (
        404,
        "This model version has reached the end of its life. Please refer to the AWS documentation "
        "for more details.",
    ),
}
_THROTTLED = ("ThrottlingException", "ServiceQuotaExceededException")
_CODES: Mapping[Mode, tuple[str, ...]] = {
    "throttle": _THROTTLED,
    "error": tuple(code for code in _ERRORS if code not in _THROTTLED),
    "refusal": ("refusal", "content_filtered", "guardrail_intervened"),
    "retired": ("ResourceNotFoundException",),
    "bad_json": ("text", "body"),
}


async def _receive(request: web.Request) -> Call:
    if not (is_signed(request) or has_token(request)):  # it takes API keys too
        raise unsigned()
    model = request.match_info["model"]
    try:
        document: dict[str, Any] = json.loads(await request.read())
        check(document)
        parts = image_parts(document)
        data = [base64.b64decode(part["source"]["bytes"], validate=True) for part in parts]
    except Invalid as error:
        raise Refused(_error("ValidationException", str(error))) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(_error("ValidationException", "The body is malformed.")) from None
    picture = None
    for part, each in zip(parts, data, strict=True):
        picture = await _checked(each, str(part.get("format")))
        part["source"] = {"bytes": picture.shown}  # it is what will be shown
    limit = (document.get("inferenceConfig") or {}).get("maxTokens", _MAX_TOKENS)
    extra = {"prompt": prompt_of(document), "limit": limit}
    return Call(model, picture, {"model": model, "body": document}, extra)


async def _checked(data: bytes, kind: str) -> Picture:
    if len(data) > _LARGEST:
        raise Refused(_error("ValidationException", "image exceeds 3.75 MB maximum"))
    try:
        picture = await seen(data)
    except Unreadable:
        raise Refused(_error("ValidationException", "Could not process image")) from None
    if picture.format.lower() != kind:
        text = f"The image is not the {kind} that the request says."
        raise Refused(_error("ValidationException", text))
    if max(picture.width, picture.height) > _LONGEST_SIDE:
        text = f"image dimensions exceed max allowed size: {_LONGEST_SIDE} pixels"
        raise Refused(_error("ValidationException", text))
    return picture


def _answer(call: Call, fault: Fault) -> Answer:
    prompt: str = call.extra["prompt"]
    whole = texts.answer_text(call.picture, prompt) if fault.text is None else fault.text
    if fault.mode == "bad_json":
        whole = texts.broken(whole)
    text, is_cut = texts.within(whole, call.extra["limit"])
    thinking = {"text": "A stand-in thinks of nothing.", "signature": "c3RhbmQtaW4="}
    blocks: list[dict[str, Any]] = [{"text": text}]
    if fault.reasoning:
        blocks.insert(0, {"reasoningContent": {"reasoningText": thinking}})
    return _message(call, blocks, "max_tokens" if is_cut else "end_turn", texts.tokens_of(text))


def _failure(call: Call, fault: Fault) -> Answer:
    code = chosen(_CODES, fault)
    if fault.mode != "refusal":
        return _error(code)
    # A model that refuses says nothing at all; a filter puts its own words in the answer's place.
    blocks = [] if code == "refusal" else [{"text": _SORRY}]
    return _message(call, blocks, code, 1)


def _message(call: Call, blocks: list[dict[str, Any]], reason: str, tokens: int) -> Answer:
    sent = texts.tokens_of(call.extra["prompt"]) + texts.tokens_of_image(call.picture)
    return json_answer(
        200,
        {
            "output": {"message": {"role": "assistant", "content": blocks}},
            "stopReason": reason,
            "usage": {"inputTokens": sent, "outputTokens": tokens, "totalTokens": sent + tokens},
            "metrics": {"latencyMs": 1},
        },
    )


def _error(code: str, message: str | None = None) -> Answer:
    status, usual = _ERRORS[code]
    return aws_error(status, code, message or usual)


SERVICE = Service("bedrock", _receive, _answer, _failure, _CODES)
