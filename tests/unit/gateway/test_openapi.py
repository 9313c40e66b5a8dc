"""The OpenAPI document: whole, valid, and of what is served."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.app import create_app
from services.gateway.openapi import OPERATIONS, document
from services.gateway.openapi_pages import routes_of
from services.gateway.openapi_problems import CODES
from services.gateway.settings import Settings
from shared.api import ImagePage, ImageView, ProblemBody


def routes() -> list[tuple[str, str]]:
    """What the gateway serves."""
    required = {
        name: "x" * 32 for name, field in Settings.model_fields.items() if field.is_required()
    }
    settings: dict[str, Any] = required | {
        "public_url": "http://gateway.test",
        "cognito_client_ids": ("x",),
    }
    return routes_of(create_app(Settings(**settings)))


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The document as it is served."""
    return json.loads(json.dumps(document(routes(), server="http://gateway.test", version="1")))


def test_every_route_is_described() -> None:
    assert set(routes()) - {(each.method, each.path) for each in OPERATIONS} == set()


def test_everything_described_is_a_route() -> None:
    assert {(each.method, each.path) for each in OPERATIONS} - set(routes()) == set()


def test_the_document_is_valid_openapi(described: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(described).validate()


def test_operation_ids_are_unique() -> None:
    ids = [each.operation_id for each in OPERATIONS]

    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    references = _references(described)

    assert references
    for reference in references:
        target: Any = described
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_every_path_parameter_is_described() -> None:
    for each in OPERATIONS:
        in_path = {part[1:-1] for part in each.path.split("/") if part.startswith("{")}
        assert {p.name for p in each.parameters if p.where == "path"} == in_path, each.path


def test_everything_under_v1_needs_the_token(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["security"] == ([{"token": []}] if path.startswith("/v1") else [])


def test_every_code_of_the_contract_is_on_some_operation(described: dict[str, Any]) -> None:
    text = json.dumps(described["paths"])

    assert [code for code in CODES if f'"{code}"' not in text] == []


def test_examples_of_answers_are_what_the_models_say() -> None:
    for each in OPERATIONS:
        for answer in each.answers:
            if answer.example is not None and isinstance(answer.body, type):
                parsed = answer.body.model_validate(answer.example)
                assert parsed.model_dump(mode="json") == answer.example, each.operation_id


def test_examples_of_requests_are_accepted_by_their_models() -> None:
    for each in OPERATIONS:
        for content_type, model in each.body.content.items() if each.body else ():
            if isinstance(model, type):
                model.model_validate(each.body.examples[content_type] if each.body else None)


def test_schemas_are_those_of_the_models(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]

    for model in (ImageView, ImagePage, ProblemBody):
        assert set(schemas[model.__name__]["properties"]) == set(model.model_fields)


def _references(thing: Any) -> list[str]:
    if isinstance(thing, dict):
        own = [thing["$ref"]] if isinstance(thing.get("$ref"), str) else []
        return own + [found for value in thing.values() for found in _references(value)]
    if isinstance(thing, list):
        return [found for value in thing for found in _references(value)]
    return []
