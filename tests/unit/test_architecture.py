"""docs/architecture.md and the code: what can be compared by name."""

import re
import tomllib

from services.captioner.settings import Settings as CaptionerSettings
from services.gateway.openapi import OPERATIONS
from services.gateway.settings import Settings as GatewaySettings
from services.gateway.sweeper import SweeperSettings
from services.ingest.settings import Settings as IngestSettings
from tests.named import ROOT, paths, spans

_TEXT = (ROOT / "docs" / "architecture.md").read_text()
_SETTINGS = {
    "GATEWAY": (GatewaySettings, SweeperSettings),
    "INGEST": (IngestSettings,),
    "CAPTIONER": (CaptionerSettings,),
}


def section(title: str) -> str:
    """From the heading ``title`` to the next one."""
    return _TEXT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_layers_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [
        each["layers"] for each in contracts["contracts"] if each.get("containers") == ["shared"]
    ]
    drawn = section("Layers of `shared/`").split("```")[1].strip().splitlines()

    assert [line.split("  ")[0] for line in drawn] == layers


def test_metrics_are_those_that_are_sent() -> None:
    sent = re.findall(
        r'"([a-z_]+(?:\.[a-z_]+)+)",\s*unit=', (ROOT / "shared/metrics.py").read_text()
    )
    told = re.findall(r"^\| `([\w.]+)` \|", section("Traces, metrics and logs"), re.MULTILINE)

    assert sorted(told) == sorted(sent)


def test_settings_are_read() -> None:
    named = set(re.findall(r"\b((?:GATEWAY|INGEST|CAPTIONER)_[A-Z0-9_]+)", _TEXT))
    read = {
        f"{prefix}_{name}".upper()
        for prefix, types in _SETTINGS.items()
        for settings in types
        for name in settings.model_fields
    }

    assert named
    assert named - read == set()


def test_endpoints_are_served() -> None:
    served = {(each.method.upper(), each.path) for each in OPERATIONS}
    named = [
        match.groups()
        for span in spans(_TEXT)
        if (match := re.match(r"([A-Z]+) (/v1/[\w/{}-]+)", span))
    ]

    assert named
    # A path's parameter may bear another name in a text.
    plain = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in served}
    assert {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in named} - plain == set()


def test_files_exist() -> None:
    named = paths(_TEXT)

    assert {"docs/runbook.md", "docs/threat-model.md"} <= named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
