"""A Docker engine, however this machine has one: its own, or the one that a tool starts."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Set by `make test-images`: a program with the verbs start, build and stop, for machines that have
# no engine or no image registry.
TOOL = os.environ.get("DOCKER_ENGINE_TOOL", "")
COMPOSE = os.environ.get("DOCKER_COMPOSE", "docker compose").split()
FILES = ("docker-compose.localstack.yml", "tests/images/standin.yml")
TARGETS = {
    "caption-gateway": ("services/gateway/Dockerfile", None),
    "caption-ingest": ("services/ingest/Dockerfile", None),
    "caption-captioner": ("services/captioner/Dockerfile", None),
    "caption-ui": ("services/ui/Dockerfile", None),
    "caption-provision": ("infra/compose/Dockerfile", "provision"),
    "caption-signin": ("infra/compose/Dockerfile", "signin"),
}


@dataclass(frozen=True)
class Engine:
    """Runs ``docker`` and Compose against one engine."""

    environment: dict[str, str]

    def docker(self, *arguments: str, seconds: float = 60) -> str:
        """The output of a docker command, which has to succeed."""
        return self._run(["docker", *arguments], seconds)

    def compose(self, *arguments: str, seconds: float = 300) -> str:
        """The same for Compose, with the stack's files."""
        files = [part for name in FILES for part in ("-f", name)]
        return self._run([*COMPOSE, *files, *arguments], seconds)

    def build(self, tag: str) -> None:
        """Build one of the images."""
        file, target = TARGETS[tag]
        options = ["-f", file, *(["--target", target] if target else [])]
        if TOOL:
            self._run([TOOL, "build", tag, ".", *options], 600)
        else:
            self._run(["docker", "build", "-t", tag, *options, "."], 600)

    def _run(self, argv: list[str], seconds: float) -> str:
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, f"{argv}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout


def start() -> Engine | None:
    """An engine that answers, or ``None`` where there is none."""
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    if TOOL:
        said = subprocess.run([TOOL, "start"], check=True, capture_output=True, text=True).stdout
        exported = said.partition("export ")[2].split()
        environment |= dict(pair.split("=", 1) for pair in exported)
    elif shutil.which("docker") is None:
        return None
    return Engine(environment)
