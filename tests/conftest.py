"""No test sees the AWS account or region of whoever runs it; one whole stack serves them all."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.stack import Stack, whole_stack

# How fast a test is says more about the machine than about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# A shell that starts a run in the background has it ignore Ctrl-C, and whatever tests start, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests that start many processes run one after the other, or they time each other out.
WHOLE_MACHINE = ("tests/system/", "tests/integration/test_local_stack_", "tests/terraform/")
PAGE = "tests/browser/"


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in this very hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For ``--dist=loadgroup``: a file stays in one process, and so do all that are heavy."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    file = item.nodeid.split("::")[0]
    if file.startswith(WHOLE_MACHINE) or "stack" in getattr(item, "fixturenames", ()):
        return "whole machine"
    # They share a browser and a page's server.
    return "page" if file.startswith(PAGE) else file


def pytest_collection_finish() -> None:
    """All modules and tests are there to stay: the collector need not walk over them each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _no_account() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as env:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            env.delenv(name)
        env.setenv("AWS_CONFIG_FILE", os.devnull)
        env.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        env.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, on ports and in a folder of its own. Each test has users of its own."""
    if shutil.which("make") is None:
        pytest.skip("needs make")
    with whole_stack(tmp_path_factory.mktemp("stack") / "state") as running:
        yield running
