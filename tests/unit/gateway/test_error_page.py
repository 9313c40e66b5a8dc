"""``docs/api-errors.md`` and the code name the same problems."""

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import get_args

import pytest

from services.gateway.openapi_problems import CODES
from shared.errors import FailureCode

ROOT = Path(__file__).parents[3]
ANSWERS, FAILURES = (
    ROOT.joinpath("docs/api-errors.md").read_text().split("\n## ")[number] for number in (1, 2)
)
# Of aiohttp's own refusals: their codes are made from the status's phrase.
BY_PHRASE = {("method_not_allowed", 405), ("not_found", 404)}


def documented() -> set[tuple[str, int]]:
    rows = re.findall(r"^\| (\d{3}) \| `([a-z_]+)` \| .+ \| .+ \|$", ANSWERS, re.MULTILINE)
    return {(code, int(status)) for status, code in rows}


def raised() -> Iterator[tuple[str, int]]:
    """Every ``Problem(HTTPStatus.X, "code", …)`` in the gateway."""
    for path in sorted(ROOT.joinpath("services/gateway").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="Problem"),
                    args=[ast.Attribute(attr=status), ast.Constant(value=str(code)), *_],
                ):
                    yield code, HTTPStatus[status].value


def test_every_code_that_is_raised_is_on_the_page() -> None:
    found = set(raised())

    assert len(found) > 20
    assert found - documented() == set()


def test_every_problem_of_the_openapi_document_is_on_the_page() -> None:
    assert {(code, status.value) for code, (status, _) in CODES.items()} - documented() == set()


def test_the_page_names_nothing_that_can_not_happen() -> None:
    known = {(code, status.value) for code, (status, _) in CODES.items()}

    assert documented() - known - set(raised()) - BY_PHRASE == set()


def test_no_code_is_listed_twice() -> None:
    listed = re.findall(r"^\| \d{3} \| `([a-z_]+)`", ANSWERS, re.MULTILINE)

    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("code", get_args(FailureCode))
def test_every_failure_of_an_image_is_on_the_page(code: str) -> None:
    assert f"| `{code}` |" in FAILURES
