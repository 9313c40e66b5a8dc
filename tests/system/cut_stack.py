"""``python -m tests.system.cut_stack up``: the stack, its services reaching AWS through proxies.

Set-up, sign-in and tests go to the emulator itself; only S3, DynamoDB and SQS can be cut off.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from infra.local.entry import main
from infra.local.kept import Kept
from infra.local.layout import ROOT, Options
from infra.local.processes import Process, services
from infra.local.provision import Resources
from tests.cutting_proxy import CuttingProxy, cutting_proxies
from tests.integration.local_stack_driver import free_port_base
from tests.stack import Stack, make

AWS = 2  # where the emulator's port stands among the stack's, after PORT_BASE
CUTTABLE = ("SQS", "DYNAMODB", "S3")  # as in botocore's AWS_ENDPOINT_URL_<SERVICE>
_PREFIX = "CUT_"


@contextmanager
def cut_stack(state: Path, **variables: str) -> Iterator[tuple[Stack, dict[str, CuttingProxy]]]:
    """A running stack, and the proxies by the names of ``CUTTABLE``."""
    base, first = free_port_base(), free_port_base()
    ports = {name: first + number for number, name in enumerate(CUTTABLE)}
    with cutting_proxies(ports, upstream=base + AWS) as proxies:
        environment = {
            **os.environ,
            **{f"{_PREFIX}{name}": proxy.url for name, proxy in proxies.items()},
            "PORT_BASE": str(base),
            "STATE_DIR": str(state),
            "DETACH": "1",
            **variables,
        }
        command = [sys.executable, "-m", "tests.system.cut_stack", "up"]
        made = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            check=False,
            timeout=180,
            text=True,
            stderr=subprocess.PIPE,
        )
        try:
            assert made.returncode == 0, made.stderr
            lines = (state / "stack.env").read_text().splitlines()
            yield Stack(state, dict(line.split("=", 1) for line in lines)), proxies
        finally:
            make("down", f"STATE_DIR={state}")


def through_proxies(
    options: Options, resources: Resources, kept: Kept, parent: Mapping[str, str]
) -> list[Process]:
    """The table of `make up`, with an endpoint for each service of AWS that can be cut off."""
    endpoints = {f"AWS_ENDPOINT_URL_{name}": parent[f"{_PREFIX}{name}"] for name in CUTTABLE}
    return [
        replace(process, environment={**process.environment, **endpoints})
        for process in services(options, resources, kept, parent)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], through_proxies))
