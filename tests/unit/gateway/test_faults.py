"""Points at which the gateway dies on request: where nobody asked, or on AWS itself, none."""

import subprocess
import sys

import pytest

from services.gateway.faults import EXIT_FAULT, death_at, nothing_happens
from tests.stack import ROOT


def test_unasked_nothing_happens_whatever_the_endpoint() -> None:
    assert death_at(None, endpoint="https://dynamodb.eu-west-1.amazonaws.com") is nothing_happens


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("https://dynamodb.eu-west-1.amazonaws.com", id="aws"),
        pytest.param("http://192.0.2.7:4566", id="another machine"),
        pytest.param("http://localstack:4566", id="another container"),
        pytest.param("http://localhost.example.org", id="a name that begins like ours"),
        pytest.param("", id="none"),
    ],
)
def test_on_anything_but_an_emulator_of_this_machine_it_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="GATEWAY_FAULT_POINT"):
        death_at("after_record", endpoint=endpoint)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://localhost:4566"])
def test_asked_for_the_process_ends_there_and_nothing_is_undone(endpoint: str) -> None:
    code = (
        "from services.gateway.faults import death_at\n"
        "try:\n"
        f"    death_at('after_record', endpoint={endpoint!r})()\n"
        "finally:\n"
        "    print('undone')\n"
    )

    died = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert died.returncode == EXIT_FAULT
    assert died.stdout == ""
