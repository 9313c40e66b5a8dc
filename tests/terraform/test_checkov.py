"""checkov's judgement: no failed check, and a reason wherever one is passed over."""

import re

import pytest

from tests.terraform.gate import ROOT, SOURCE, run

_CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"

pytestmark = [
    pytest.mark.skipif(not _CHECKOV.exists(), reason="needs .venv-checkov: make test-terraform"),
    pytest.mark.timeout(300),
]


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_no_check_fails(environment: str) -> None:
    answer = run(
        *(_CHECKOV, "--directory", SOURCE, "--framework", "terraform", "--skip-download"),
        *("--quiet", "--compact", "--var-file", SOURCE / "environments" / f"{environment}.tfvars"),
    )

    assert answer.returncode == 0, answer.stdout
    # Without files it would be content too.
    assert int(re.findall(r"Passed checks: (\d+)", answer.stdout)[0]) > 300


def test_each_skip_has_a_reason() -> None:
    lines = [
        line
        for file in SOURCE.rglob("*.tf")
        for line in file.read_text().splitlines()
        if "checkov:skip" in line
    ]

    assert lines
    assert all(re.search(r"checkov:skip=CKV2?_AWS_\d+: \S.{9,}", line) for line in lines)
