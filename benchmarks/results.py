"""Results on disk: one JSON per row, overwritten by the next run of that row."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Result, Spread
from benchmarks.machine import ROOT

FOLDER = ROOT / "benchmarks/results"
_DIGITS = 6
# What is written an entry a line; everything else stands on one line.
_OPENED = ("figures", "samples")


def save(name: str, result: Result, about: Mapping[str, Any], *, folder: Path = FOLDER) -> None:
    """Write ``result`` with what is known ``about`` the run: commit, machine, load, date."""
    content = rounded({"name": name, **about, **asdict(result)})
    lines = (f"{_text(key)}: {_entry(key, value)}" for key, value in content.items())
    (folder / f"{name}.json").write_text("{\n " + ",\n ".join(lines) + "\n}\n")


def load(name: str, *, folder: Path = FOLDER) -> dict[str, Any] | None:
    """The row's last result, its ``figures`` as `Figure`; None if it was never measured."""
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    content: dict[str, Any] = json.loads(path.read_text())
    content["figures"] = [_figure(each) for each in content["figures"]]
    return content


def rounded(value: Any) -> Any:
    """The same with all its numbers cut to six digits after the point."""
    match value:
        case float():
            return round(value, _DIGITS)
        case dict():
            return {key: rounded(each) for key, each in value.items()}
        case list() | tuple():
            return [rounded(each) for each in value]
        case _:
            return value


def _figure(entry: dict[str, Any]) -> Figure:
    spread = entry.pop("spread")
    return Figure(spread=Spread(**spread) if spread else None, **entry)


def _entry(key: str, value: Any) -> str:
    match value:
        case dict() if value and key in _OPENED:
            lines = [f"{_text(str(name))}: {_text(each)}" for name, each in value.items()]
            return "{\n  " + ",\n  ".join(lines) + "\n }"
        case list() if value and key in _OPENED:
            return "[\n  " + ",\n  ".join(map(_text, value)) + "\n ]"
        case _:
            return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
