"""The threat model and what it speaks of: each threat has code against it and a test of that."""

import re
from functools import cache

import pytest

from tests.named import ROOT, functions, paths, spans

_FILE = "docs/threat-model.md"
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_BOUNDARIES = 10


@cache
def boundaries() -> dict[str, str]:
    """The sections, by their titles."""
    parts = re.split(r"^## (\d+\. .+)$", (ROOT / _FILE).read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_there_are_all_boundaries() -> None:
    assert len(boundaries()) == _BOUNDARIES


@pytest.mark.parametrize("boundary", boundaries())
def test_each_kind_of_threat_is_thought_of_and_what_is_left_is_said(boundary: str) -> None:
    section = boundaries()[boundary]

    assert {row[0] for row in rows(section)} == set("STRIDE")
    assert section.count("**Residual.** ") == 1


@pytest.mark.parametrize("boundary", boundaries())
def test_each_threat_has_code_against_it_and_a_test(boundary: str) -> None:
    for row in rows(boundaries()[boundary]):
        _, threat, against, covered = row
        assert paths(against) | paths(covered.split("` in ")[-1]), threat
        assert _TEST.search(covered) or covered.startswith("no test: "), threat


def test_every_file_exists() -> None:
    named = paths((ROOT / _FILE).read_text())

    assert len(named) > 80
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_test_exists() -> None:
    named = [
        match.groups() for match in map(_TEST.fullmatch, spans((ROOT / _FILE).read_text())) if match
    ]

    assert len(named) > 80
    assert [f"{file}::{name}" for file, name in named if name not in functions(file)] == []
