"""Rekognition's DetectLabels and DetectModerationLabels on the wire (JSON 1.1), with its limits.

Images come as bytes: a stand-in can't read the bucket.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.standins.faults import Fault, Mode
from tests.standins.pictures import Picture, Unreadable, seen
from tests.standins.wire import Answer, Call, Refused, Service, chosen, is_signed

# https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
_LARGEST = 5 * 1024 * 1024  # bytes
_SIDES = range(80, 10_001)  # pixels
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")

_OPERATIONS = ("DetectLabels", "DetectModerationLabels")
_LEAST = {"DetectLabels": 55.0, "DetectModerationLabels": 50.0}  # per cent, where none is asked
_ERRORS = {
    "InternalServerError": (500, "Amazon Rekognition experienced a service issue."),
    "ThrottlingException": (400, "Rate exceeded"),
    "ProvisionedThroughputExceededException": (400, "Provisioned rate exceeded"),
    "AccessDeniedException": (400, "You are not authorized to perform the action."),
    "ServiceUnavailableException": (503, "Service unavailable"),
    "InvalidParameterException": (400, "Request has invalid parameters"),
    "InvalidImageFormatException": (400, "Request has invalid image format"),
    "ImageTooLargeException": (400, "Image dimensions or bytes are too large"),
    "InvalidS3ObjectException": (400, "Unable to get object metadata from S3."),
    "UnknownOperationException": (400, "The operation is not available."),
    "MissingAuthenticationTokenException": (400, "Missing Authentication Token"),
    "SerializationException": (400, "Start of structure or map found where not expected."),
}
_CODES: Mapping[Mode, tuple[str, ...]] = {
    "throttle": ("ThrottlingException", "ProvisionedThroughputExceededException"),
    "error": ("InternalServerError", "ServiceUnavailableException", "AccessDeniedException"),
    "refusal": ("InvalidImageFormatException", "ImageTooLargeException"),
    "retired": ("UnknownOperationException",),
    "bad_json": ("body",),
}


async def _receive(request: web.Request) -> Call:
    if not is_signed(request):
        raise _refused("MissingAuthenticationTokenException")
    operation = request.headers.get("X-Amz-Target", "").removeprefix("RekognitionService.")
    if operation not in _OPERATIONS:
        raise _refused("UnknownOperationException")
    try:
        document: dict[str, Any] = json.loads(await request.read())
        given = document.get("Image") or {}
        if "S3Object" in given:
            raise _refused("InvalidS3ObjectException")
        data = base64.b64decode(given["Bytes"], validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise _refused("SerializationException") from None
    picture = await _checked(data)
    shown = {**document, "Image": {"Bytes": picture.shown}}
    return Call("", picture, {"operation": operation, "body": shown}, {**shown, "op": operation})


async def _checked(data: bytes) -> Picture:
    if len(data) > _LARGEST:
        raise _refused("ImageTooLargeException")
    if not data.startswith(_MAGIC):
        raise _refused("InvalidImageFormatException")
    try:
        picture = await seen(data)
    except Unreadable:
        raise _refused("InvalidImageFormatException") from None
    if max(picture.width, picture.height) not in _SIDES:
        too_small = max(picture.width, picture.height) < _SIDES.start
        raise _refused("InvalidParameterException" if too_small else "ImageTooLargeException")
    if min(picture.width, picture.height) < _SIDES.start:
        raise _refused("InvalidParameterException")
    return picture


def _answer(call: Call, fault: Fault) -> Answer:
    operation: str = call.extra["op"]
    found = _names(call.image, operation, fault)
    least = float(call.extra.get("MinConfidence", _LEAST[operation]))
    sure = {name: 99.0 - place for place, name in enumerate(found) if 99.0 - place >= least}
    if operation == "DetectModerationLabels":
        moderation = [
            {"Name": name, "Confidence": each, "ParentName": "", "TaxonomyLevel": 1}
            for name, each in sure.items()
        ]
        return _json(200, {"ModerationLabels": moderation, "ModerationModelVersion": "stand-in"})
    labels = [
        {"Name": name, "Confidence": each, "Instances": [], "Parents": []}
        for name, each in sure.items()
    ]
    most = int(call.extra.get("MaxLabels", 1000))
    return _json(200, {"Labels": labels[:most], "LabelModelVersion": "stand-in"})


def _names(picture: Picture, operation: str, fault: Fault) -> list[str]:
    """Labels of the image; those of a ``text`` are its lines, and moderation finds them alone."""
    if fault.text is not None:
        return [line for line in fault.text.splitlines() if line]
    if operation == "DetectModerationLabels":
        return []
    turned = "Portrait" if picture.height > picture.width else "Landscape"
    return ["Stand-in", turned, f"Colour {picture.colour}"]


def _failure(call: Call, fault: Fault) -> Answer:
    return _refused(chosen(_CODES, fault)).answer


def _refused(code: str) -> Refused:
    status, message = _ERRORS[code]
    return Refused(_json(status, {"__type": code, "Message": message}))


def _json(status: int, document: object) -> Answer:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid4())}
    return Answer(status, json.dumps(document).encode(), headers)


SERVICE = Service("rekognition", _receive, _answer, _failure, _CODES)
