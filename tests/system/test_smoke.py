"""The smoke test of a deployment, run against the whole stack."""

import subprocess
import sys

import pytest

from tests.stack import Stack

pytestmark = [pytest.mark.system, pytest.mark.timeout(200)]


def smoke(stack: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            *(sys.executable, "-m", "scripts.smoke", "--gateway", stack["GATEWAY_URL"]),
            *("--stack-env", str(stack.state / "stack.env"), *arguments),
        ],
        check=False,
        text=True,
        capture_output=True,
        timeout=190,
    )


def test_the_smoke_test_passes_where_everything_works(stack: Stack) -> None:
    done = smoke(stack, "--probes")

    assert done.returncode == 0, done.stderr
    assert "captioned in" in done.stdout


def test_the_smoke_test_fails_where_another_build_answers(stack: Stack) -> None:
    done = smoke(stack, "--commit", "0" * 40)

    assert done.returncode == 1
    assert "the gateway runs" in done.stderr
