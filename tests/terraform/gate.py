"""The commands that judge infra/terraform, on this machine and without an AWS account."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# Another folder is judged where test_mutations.py breaks a copy.
SOURCE = Path(os.environ.get("TERRAFORM_SOURCE", ROOT / "infra" / "terraform"))
# Terraform itself under a stand-in for the AWS provider. It lies beside the checkout, not in it.
CHECK = Path(
    os.environ.get("TERRAFORM_CHECK", ROOT.parent / "shared" / "tools" / "terraform" / "check")
)
LIMIT_S = 900

needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="needs terraform on the path"
)
needs_check = pytest.mark.skipif(
    shutil.which("terraform") is None or not CHECK.exists(),
    reason="needs terraform and the stand-in provider (TERRAFORM_CHECK names its `check`)",
)


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command from the root of the checkout; its outputs together in ``stdout``."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **variables},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_S,
        check=False,
    )


@dataclass(frozen=True)
class Planned:
    """A resource as it is going to be. What only AWS can know is missing."""

    address: str
    type: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """What one environment is going to have."""

    resources: tuple[Planned, ...]

    def of(self, kind: str, within: str = "") -> dict[str, Mapping[str, Any]]:
        """The values of all resources of a type by their addresses, those of data sources too."""
        return {
            each.address: each.values
            for each in self.resources
            if each.type == kind and each.address.startswith(within)
        }

    def one(self, kind: str, within: str = "") -> Mapping[str, Any]:
        """The values of the only resource of a type."""
        (values,) = self.of(kind, within).values()
        return values


def plan(environment: str, folder: Path, *, source: Path = SOURCE) -> Plan:
    """Plan an environment as if nothing were there yet. ``folder`` is for the plan's document."""
    document = folder / f"{environment}.json"
    answer = run(
        CHECK,
        source,
        "plan",
        VAR_FILE=f"environments/{environment}.tfvars",
        PLAN_JSON=str(document),
    )
    assert answer.returncode == 0, answer.stdout
    return Plan(tuple(_planned(json.loads(document.read_text()))))


def _planned(document: dict[str, Any]) -> Iterator[Planned]:
    for change in document["resource_changes"]:
        yield Planned(change["address"], change["type"], change["change"]["after"])
    prior = document.get("prior_state", {}).get("values", {}).get("root_module", {})
    yield from _known(prior)


def _known(module: dict[str, Any]) -> Iterator[Planned]:
    """Data sources that could be read while planning stand apart."""
    for resource in module.get("resources", []):
        yield Planned(resource["address"], resource["type"], resource["values"])
    for child in module.get("child_modules", []):
        yield from _known(child)
