"""What the OpenAPI document is made of: operations as data, next to the models they name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel

Schema = Mapping[str, Any]

JSON = "application/json"
FORM = "multipart/form-data"
QUOTA = ("RateLimit-Policy", "RateLimit")  # headers of answers that count


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a request. ``schema`` is JSON Schema 2020-12."""

    name: str
    where: Literal["path", "query", "header"]
    description: str
    schema: Schema = field(default_factory=lambda: {"type": "string"})
    example: Any = None
    required: bool = False  # those of the path always are


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no problem. ``headers`` are names in ``openapi_headers.HEADERS``."""

    status: HTTPStatus
    description: str
    body: type[BaseModel] | Schema | None = None
    headers: tuple[str, ...] = ()
    example: Any = None
    content_types: tuple[str, ...] = (JSON,)


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What may be sent: content type to model or schema, with an example of each."""

    content: Mapping[str, type[BaseModel] | Schema]
    examples: Mapping[str, Any] = field(default_factory=dict)
    required: bool = True
    file_types: tuple[str, ...] = ()  # of the part `image` of a form


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. ``problems`` are codes of ``openapi_problems.CODES``."""

    method: str
    path: str
    operation_id: str
    tag: str
    summary: str
    answers: tuple[Answer, ...]
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: RequestBody | None = None
    problems: tuple[str, ...] = ()
    public: bool = False
    links: Mapping[str, Schema] = field(default_factory=dict)


IMAGE_ID = Parameter(
    "image_id",
    "path",
    "The image's id, a UUIDv7: ids sort by the time of their making.",
    {"type": "string", "format": "uuid"},
    "0193a1b2-7c00-7000-8000-0123456789ab",
)
BATCH_NAME: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 64,
    "pattern": "^[A-Za-z0-9_.-]+$",
}
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "Makes it safe to send the request again: the same key with the same bytes and options is "
    "the same image, for 24 hours, and costs no quota.",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "holiday-001",
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    "Change the image only if it still has this version (RFC 9110).",
    {"type": "string"},
    '"7"',
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    "header",
    "The version that the client has; an answer that would be the same is 304.",
    {"type": "string"},
    '"6"',
)
