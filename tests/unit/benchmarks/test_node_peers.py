"""sharp is measured where Node is, and named where it isn't."""

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.contender import SHARP, Contender, contender
from benchmarks.machine import ROOT, NotPrepared
from benchmarks.rows.thumbnail import start_sharp

SOURCES = ROOT / "benchmarks/contenders/sharp"


@pytest.fixture
def without_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("without_node")
def test_without_node_sharp_is_not_prepared() -> None:
    with pytest.raises(NotPrepared, match="node and npm"), contender(SHARP):
        pass


@pytest.mark.usefixtures("without_node")
def test_row_without_node_names_the_peer_that_was_not_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    children: dict[str, Contender] = {}

    with ExitStack() as stack:
        versions = start_sharp(children, stack)

    assert not children
    assert versions["sharp"].startswith("not measured: ")
    assert "sharp is not measured" in capsys.readouterr().err


def test_lock_names_versions_and_hashes_and_no_registry() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text())
    packages = [entry for path, entry in lock["packages"].items() if path]

    assert packages
    assert all({"version", "integrity"} <= entry.keys() for entry in packages)
    assert not any("resolved" in entry for entry in packages)
