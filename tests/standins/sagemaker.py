"""SageMaker's InvokeEndpoint on the wire, in front of a container that captions with BLIP.

The container's answer is ours: ``{"caption", "model", "duration_ms"}``.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.standins import texts
from tests.standins.faults import Fault, Mode
from tests.standins.pictures import Unreadable, seen
from tests.standins.wire import (
    Answer,
    Call,
    Refused,
    Service,
    aws_error,
    chosen,
    is_signed,
    json_answer,
    unsigned,
)

MODEL = "blip-image-captioning-base"

_LARGEST = 6 * 1024 * 1024  # bytes that InvokeEndpoint takes; a serverless one takes 4 MB

# Status and message of what the service itself says; ModelError is the container's.
_ERRORS = {
    "ServiceUnavailable": (503, "The request has failed due to a temporary failure of the server."),
    "InternalFailure": (500, "An internal failure occurred."),
    "ModelNotReadyException": (429, "The model is not ready. Try again."),
    "AccessDeniedException": (403, "User is not authorized to perform: sagemaker:InvokeEndpoint"),
    "ValidationError": (400, "Invalid request."),
    "ThrottlingException": (400, "Rate exceeded"),
}
_CODES: Mapping[Mode, tuple[str, ...]] = {
    "throttle": ("ThrottlingException",),
    "error": (*(code for code in _ERRORS if code != "ThrottlingException"), "ModelError"),
    "refusal": ("ModelError",),
    "retired": ("ValidationError",),
    "bad_json": ("body",),
}


async def _receive(request: web.Request) -> Call:
    if not is_signed(request):
        raise unsigned()
    kind = request.content_type
    body = await request.read()
    if len(body) > _LARGEST:
        raise Refused(_failed("ValidationError", f"Payload of {len(body)} bytes is too large"))
    if kind != "image/jpeg":
        raise Refused(_of_container(415, f"content type {kind} is not supported"))
    try:
        picture = await seen(body)
    except Unreadable:
        raise Refused(_of_container(400, "the body is not an image")) from None
    endpoint = request.match_info["name"]
    shown = {"endpoint": endpoint, "content_type": kind, "body": picture.shown}
    return Call(MODEL, picture, shown, {"endpoint": endpoint})


def _answer(call: Call, fault: Fault) -> Answer:
    text = texts.caption(call.image) if fault.text is None else fault.text
    document = {"caption": text, "model": call.model, "duration_ms": 1}
    return json_answer(200, document, x_Amzn_Invoked_Production_Variant="AllTraffic")


def _failure(call: Call, fault: Fault) -> Answer:
    code = chosen(_CODES, fault)
    if fault.mode == "retired":
        name: Any = call.extra["endpoint"]
        return _failed(code, f"Endpoint {name} of account 000000000000 not found.")
    if code == "ModelError":
        return _of_container(400 if fault.mode == "refusal" else 500, "the model failed")
    return _failed(code)


def _failed(code: str, message: str | None = None) -> Answer:
    status, usual = _ERRORS[code]
    return aws_error(status, code, message or usual)


def _of_container(status: int, message: str) -> Answer:
    """A failure inside the container, as the service passes it on: always as 424."""
    whose = "client" if status < 500 else "server"
    return aws_error(
        424,
        "ModelError",
        f'Received {whose} error ({status}) from primary with message "{message}".',
        OriginalStatusCode=status,
        OriginalMessage=message,
        LogStreamArn="",
    )


SERVICE = Service("sagemaker", _receive, _answer, _failure, _CODES)
