"""JSON bodies from strangers: small, shallow, plain, and every fault of a field named.

Handlers read JSON through ``read_json`` only, so that whatever is sent is refused as a problem and
never reaches a model, a log or DynamoDB half-understood.
"""

import asyncio
import json
import math
from http import HTTPStatus
from typing import NoReturn, TypeVar

from aiohttp import ClientPayloadError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ValidationError

from services.gateway.keys import SETTINGS
from services.gateway.middleware import send_continue
from services.gateway.problems import Problem
from shared.api import FieldFault

BODY_LIMIT = 64 * 1024  # bytes
DEPTH_LIMIT = 8  # arrays and objects within one another; ours have two
_FAULTS_MAX = 10
_POINTER_MAX = 64  # characters: a stranger's field names are not echoed at length

M = TypeVar("M", bound=BaseModel)


async def read_json(request: web.Request, model: type[M]) -> M:
    """The body as a ``model``.

    Raises ``Problem``: 400 ``malformed_request`` for what is no JSON object, 408 ``body_timeout``,
    413 ``request_entity_too_large``, 415 ``unsupported_media_type``, 422 ``invalid_field`` naming
    each field at fault.
    """
    _check_headers(request)
    await send_continue(request)
    try:
        async with asyncio.timeout(request.app[SETTINGS].body_timeout_s):
            body = await _read(request)
    except TimeoutError as error:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT, "body_timeout", "The body took too long to arrive."
        ) from error
    except (ClientPayloadError, HttpProcessingError, web.RequestPayloadError) as error:
        raise _malformed("The body is incomplete or not what its headers say.") from error
    return validated(parse_object(body), model)


def parse_object(body: bytes) -> dict[str, object]:
    """The JSON object in ``body``.

    Raises ``Problem`` 400 ``malformed_request``; so do NaN and the infinities, names given twice,
    NUL, half a surrogate pair, and more than eight levels.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    # `ValueError` has bad UTF-8, bad JSON and integers of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise _malformed("The body is no JSON that we take.") from error
    if not isinstance(value, dict):
        raise _malformed("The body is not a JSON object.")
    if not _is_plain(value):
        raise _malformed("The body is nested too deeply, or has text that is no text.")
    return value


def validated(value: object, model: type[M]) -> M:
    """``value`` as a ``model``. Raises ``Problem`` 422 ``invalid_field`` naming each bad field."""
    try:
        # As JSON, and not as Python: "3" is no number, and lists may be tuples.
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid_field",
            "A field is unknown, missing or has a value we can't use.",
            errors=[
                FieldFault(pointer=_pointer(fault["loc"]), message=fault["msg"])
                for fault in faults[:_FAULTS_MAX]
            ],
        ) from error


def _check_headers(request: web.Request) -> None:
    plain = request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() == "identity"
    # A form's type is refused too: a page of another origin may send that one without asking first.
    if request.content_type != "application/json" or not plain:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send the body as application/json, without a content encoding.",
        )
    if request.content_length is not None and request.content_length > BODY_LIMIT:
        raise _too_large()


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise _too_large()
    return bytes(body)


def _too_large() -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "request_entity_too_large",
        "The body is larger than 64 KiB.",
    )


def _malformed(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "malformed_request", detail)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is given twice")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _is_plain(value: object) -> bool:
    """Whether all text is storable and nothing is nested too deeply. Not recursive."""
    level = [value]
    for _ in range(DEPTH_LIMIT + 1):
        if not all(_is_text(each) for each in level if isinstance(each, str)):
            return False
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return True
    return False


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _is_text(text: str) -> bool:
    # Half a surrogate pair can't be encoded: it would fail where it is stored.
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _pointer(location: tuple[int | str, ...]) -> str:
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "".join(f"/{part}" for part in escaped)[:_POINTER_MAX]
