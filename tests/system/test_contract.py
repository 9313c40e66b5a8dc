"""The gateway against its own OpenAPI document: schemathesis, all checks on, real pictures.

``make test`` runs a small number of cases; ``CONTRACT_EXAMPLES`` is how many there are for each
operation.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack, whole_stack

pytestmark = [pytest.mark.system, pytest.mark.timeout(3600)]

FOLDER = Path(__file__).parent
SMALL = 2  # examples of each operation
BY_THEN_S = 3500
# Bounds that a machine meets at once, and that have tests of their own.
UNBOUNDED = {
    "GATEWAY_QUOTA_LIMIT": "1000000",
    "GATEWAY_REQUESTS_PER_MINUTE": "1000000",
    "GATEWAY_ADDRESS_REQUESTS_PER_MINUTE": "1000000",
}


@pytest.fixture(scope="module")
def unbounded_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with whole_stack(tmp_path_factory.mktemp("contract"), **UNBOUNDED) as stack:
        yield stack


def test_the_gateway_keeps_its_document(unbounded_stack: Stack, tmp_path: Path) -> None:
    examples = int(os.environ.get("CONTRACT_EXAMPLES", SMALL))
    token = unbounded_stack.token("contract", ADMIN="1")

    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(FOLDER / "contract.toml")),
            *("run", f"{unbounded_stack['GATEWAY_URL']}/openapi.json"),
            *("--header", f"Authorization: Bearer {token}"),
            *("--max-examples", str(examples), "--checks", "all"),
            *("--suppress-health-check", "all", "--no-color", "--seed", "1"),
        ],
        cwd=tmp_path,
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": "tests.system.contract_hooks",
            "PYTHONPATH": str(FOLDER.parents[1]),
        },
        check=False,
        text=True,
        capture_output=True,
        timeout=BY_THEN_S,
    )

    report = done.stdout[-20_000:] + done.stderr[-2_000:]
    assert done.returncode == 0, report
    generated = re.search(r"(\d+) generated", report)
    assert generated is not None, report
    # Many operations have few possible requests, so the number grows slower than the examples.
    assert int(generated[1]) >= 30 * examples, report
