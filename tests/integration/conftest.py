"""Two emulated AWSs for the run, spoken to over HTTP, and no way past them to a real account.

moto starts with the tests, in threads of this process. ministack is what `make up` runs; it is the
one to use where a write must be atomic or a signature checked, which moto does not do.
"""

import os
import subprocess
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from infra.local.layout import ROOT, layout_from
from infra.local.processes import emulator
from tests.deadlines import wait_until
from tests.integration.local_stack_driver import answers, free_port_base


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The endpoint of moto, on a free port. Its state is shared: tests name nothing themselves."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as env:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            env.delenv(name)
        env.setenv("AWS_ENDPOINT_URL", endpoint)
        env.setenv("AWS_ACCESS_KEY_ID", "test")
        env.setenv("AWS_SECRET_ACCESS_KEY", "test")
        env.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        env.setenv("AWS_CONFIG_FILE", os.devnull)
        env.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        env.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield endpoint
    server.stop()


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of the emulator that `make up` runs, on a free port."""
    if not ROOT.joinpath(".venv-aws").exists():
        pytest.skip("no .venv-aws: `make test` makes it")
    state = tmp_path_factory.mktemp("ministack")
    layout = layout_from({"PORT_BASE": str(free_port_base()), "STATE_DIR": str(state)})
    process = emulator(layout, os.environ)
    running = subprocess.Popen(process.argv, env=process.environment)
    try:
        wait_until(lambda: answers(layout.aws_url + process.health_path))
        yield layout.aws_url
    finally:
        running.terminate()
        running.wait(10)
