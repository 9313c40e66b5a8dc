"""The whole stack as people start it, for the tests that need every process for real."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from tests.integration.local_stack_driver import free_port_base

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Stack:
    """A running stack: the values of its ``stack.env``, and where its logs are."""

    state: Path
    values: dict[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def client(self, service: str) -> Any:
        """A client of the stack's emulated AWS."""
        return boto3.client(
            service,
            endpoint_url=self["AWS_ENDPOINT_URL"],
            aws_access_key_id=self["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self["AWS_SECRET_ACCESS_KEY"],
            region_name=self["AWS_REGION"],
        )

    def token(self, name: str, **variables: str) -> str:
        """An access token for a user of that name."""
        chosen = [f"{key}={value}" for key, value in variables.items()]
        made = make("-s", "token", f"NAME={name}", f"STATE_DIR={self.state}", *chosen)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()


@contextmanager
def whole_stack(state: Path, **variables: str) -> Iterator[Stack]:
    """``make up`` on free ports with its state in ``state``; ``make down`` at the end."""
    chosen = {"PORT_BASE": str(free_port_base()), "STATE_DIR": str(state), **variables}
    arguments = [f"{name}={value}" for name, value in chosen.items()]
    made = make("up", "DETACH=1", *arguments)
    try:
        assert made.returncode == 0, made.stdout + made.stderr
        lines = (state / "stack.env").read_text().splitlines()
        yield Stack(state, dict(line.split("=", 1) for line in lines))
    finally:
        make("down", f"STATE_DIR={state}")


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run make in the project's folder, to its end."""
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, check=False, text=True, capture_output=True, timeout=280
    )
