"""The contract as OpenAPI 3.1, made from the models and the operations of the routes served.

A route without an operation stops the gateway's tests, so what is served is documented.
"""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from services.gateway.openapi_account import ACCOUNT
from services.gateway.openapi_admin import ADMIN, TAG
from services.gateway.openapi_headers import HEADERS
from services.gateway.openapi_images import IMAGES
from services.gateway.openapi_parts import FORM, Answer, Operation, Parameter, RequestBody, Schema
from services.gateway.openapi_problems import ANYWHERE, CODES, RETRYABLE, SIGNED_IN
from services.gateway.openapi_service import SERVICE
from services.gateway.openapi_submissions import SUBMISSIONS
from shared.api import ProblemBody

OPERATIONS = (*SUBMISSIONS, *IMAGES, *ACCOUNT, *ADMIN, *SERVICE)

_REF = "#/components/schemas/{model}"
_PROBLEM = "application/problem+json"
_TAGS = {
    "Images": "Photos and their captions.",
    "Direct upload": "Bytes that go past the gateway, straight to the store.",
    "Account": "The caller's own data.",
    "Operations": "For members of the group `admins`.",
    "Service": "Without a token.",
}
_ABOUT = (
    "Photos in; two captions, an alt text, labels and a thumbnail out. A photo is taken at once "
    "and captioned a little later: read it with `?wait=20` until its status is `completed` or "
    "`failed`. Fields may be added to any answer; none changes its meaning.\n\n"
    "Errors are `application/problem+json` (RFC 9457). Their `code` is stable; `retryable` says "
    "whether the same request may succeed later."
)


def document(routes: Iterable[tuple[str, str]], *, server: str, version: str) -> dict[str, Any]:
    """The document of ``routes`` (method and path template), served at ``server``.

    Routes that no operation describes are left out.
    """
    served = set(routes)
    operations = [each for each in OPERATIONS if (each.method, each.path) in served]
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schemas)
    used = {each.tag for each in operations}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Caption pipeline",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "tags": [
            {"name": name, "description": text} for name, text in _TAGS.items() if name in used
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "headers": {name: dict(header) for name, header in HEADERS.items()},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access or ID token of the sign-in provider.",
                }
            },
        },
    }


class _Schemas:
    """The schemas of all models that the operations name."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        # ``errors`` is left out of a problem that has none; answers hold all other fields always.
        wanted: dict[type[BaseModel], JsonSchemaMode] = {ProblemBody: "validation"}
        for each in operations:
            wanted |= dict.fromkeys(_answered(each), "serialization")
            wanted |= dict.fromkeys(_asked(each), "validation")
        self._refs, generated = models_json_schema(list(wanted.items()), ref_template=_REF)
        self._modes = wanted
        self.definitions: dict[str, Any] = generated["$defs"]

    def of(self, described: type[BaseModel] | Schema) -> dict[str, Any]:
        """The schema to put where ``described`` is meant."""
        if isinstance(described, Mapping):
            return dict(described)
        return self._refs[described, self._modes[described]]


def _answered(operation: Operation) -> Iterator[type[BaseModel]]:
    return (each.body for each in operation.answers if isinstance(each.body, type))


def _asked(operation: Operation) -> Iterator[type[BaseModel]]:
    bodies = operation.body.content.values() if operation.body else ()
    return (each for each in bodies if isinstance(each, type))


def _operation(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.operation_id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "security": [] if operation.public else [{"token": []}],
    }
    if operation.description:
        described["description"] = operation.description
    if operation.parameters:
        described["parameters"] = [_parameter(each) for each in operation.parameters]
    if operation.body is not None:
        described["requestBody"] = _request_body(operation.body, schemas)
    answers = {str(each.status.value): _answer(each, schemas) for each in operation.answers}
    if operation.links:
        next(iter(answers.values()))["links"] = {
            name: dict(link) for name, link in operation.links.items()
        }
    described["responses"] = answers | _problems(operation)
    return described


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described = {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required or parameter.where == "path",
        "description": parameter.description,
        "schema": {k: v for k, v in parameter.schema.items() if k != "description"},
    }
    return described if parameter.example is None else described | {"example": parameter.example}


def _request_body(body: RequestBody, schemas: _Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for content_type, schema in body.content.items():
        content[content_type] = {"schema": schemas.of(schema)}
        if content_type in body.examples:
            content[content_type]["example"] = body.examples[content_type]
        if content_type == FORM:
            types = ", ".join(body.file_types)
            content[content_type]["encoding"] = {"image": {"contentType": types}}
    return {"required": body.required, "content": content}


def _answer(answer: Answer, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": answer.description,
        "headers": _headers("X-Request-Id", *answer.headers),
    }
    if answer.body is not None:
        media: dict[str, Any] = {"schema": schemas.of(answer.body)}
        if answer.example is not None:
            media["example"] = answer.example
        described["content"] = dict.fromkeys(answer.content_types, media)
    return described


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problems(operation: Operation) -> dict[str, Any]:
    codes = {*operation.problems, *ANYWHERE, *(() if operation.public else SIGNED_IN)}
    if operation.tag == TAG:
        codes.add("forbidden")
    by_status: dict[HTTPStatus, list[str]] = {}
    for code, (status, _) in CODES.items():
        if code in codes:
            by_status.setdefault(status, []).append(code)
    return {str(status.value): _problem(status, by_status[status]) for status in sorted(by_status)}


def _problem(status: HTTPStatus, codes: list[str]) -> dict[str, Any]:
    names = ["X-Request-Id"]
    if any(code in RETRYABLE for code in codes):
        names.append("Retry-After")
    if status is HTTPStatus.UNAUTHORIZED:
        names.append("WWW-Authenticate")
    return {
        "description": " · ".join(f"`{code}`: {CODES[code][1]}" for code in codes),
        "headers": _headers(*names),
        "content": {
            _PROBLEM: {
                "schema": {
                    "$ref": _REF.format(model="ProblemBody"),
                    "properties": {"code": {"enum": codes}, "status": {"const": status.value}},
                },
                "examples": {code: {"value": _problem_example(code)} for code in codes},
            }
        },
    }


def _problem_example(code: str) -> dict[str, Any]:
    status, detail = CODES[code]
    return {
        "type": f"urn:problem:caption-pipeline:{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        "request_id": "b1946ac92492d2347c6235b4d2611184",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "retryable": code in RETRYABLE,
    }
