"""``python -m infra.compose FOLDER``: make what the services need in LocalStack, and write what
each of them reads at its start into the folder. Run twice, it changes nothing.
"""

import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from localstack_client.session import Session

from infra.compose.containers import HEALTH_PORT, MOTO_URL, SIGN_IN_URL, Containers, containers
from infra.local.kept import keep, write_private
from infra.local.layout import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Options
from infra.local.processes import services
from infra.local.provision import provision
from infra.local.signin import ready_made_users
from infra.local.written import write_all

_PATIENCE_S = 90.0
_PAUSE_S = 1.0
_ANYWHERE = "0.0.0.0"  # noqa: S104  inside a container, whose ports Compose publishes
# What differs from the same process outside of a container.
_OVERRIDES = {
    "gateway": {
        "GATEWAY_HOST": _ANYWHERE,
        "GATEWAY_COGNITO_USER_POOL_DOMAIN_URL": SIGN_IN_URL,
    },
    "sweeper": {
        "GATEWAY_COGNITO_USER_POOL_DOMAIN_URL": SIGN_IN_URL,
        "GATEWAY_SWEEPER_HEALTH_PORT": HEALTH_PORT,
    },
    "ingest": {"INGEST_HEALTH_PORT": HEALTH_PORT, "AWS_ENDPOINT_URL_REKOGNITION": MOTO_URL},
    "captioner": {"CAPTIONER_HEALTH_PORT": HEALTH_PORT},
    "ui": {},
}
# A setting that was given by its own name wins, as with `make up`.
_GIVEN = ("GATEWAY_", "INGEST_", "CAPTIONER_", "UI_")
# Of the environment that a process of `make up` gets, what a container has by itself.
_NOT_HERE = frozenset({"PYTHONPATH", "PYTHONUNBUFFERED", "CAPTION_STACK"})

T = TypeVar("T")


class Endpoints:
    """LocalStack for everything but the user pool, which its free edition does not have."""

    def __init__(self) -> None:
        self._localstack = Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)
        self._signin = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)

    def client(self, service: str, *, config: Config) -> Any:
        """A client of ``service``, wherever that is played."""
        if service == "cognito-idp":
            return self._signin.client(service, config=config, endpoint_url=SIGN_IN_URL)
        return self._localstack.client(service, config=config)


def main() -> int:
    """Write the settings, and say under which address and as whom to sign in."""
    layout = containers(Path(sys.argv[1]))
    kept, _ = keep(layout.state)
    passwords = {user: kept.password_of(user) for user in ready_made_users()}
    options = _options(layout)
    resources = _patiently(
        lambda: provision(
            Endpoints(),
            ui_url=layout.ui_url,
            retention_days=options.retention_days,
            passwords=passwords,
        )
    )
    given = {name: value for name, value in os.environ.items() if name.startswith(_GIVEN)}
    for process in services(options, resources, kept, given):
        settings = {**process.environment, **_OVERRIDES[process.service]}
        _write(layout.state / f"{process.service}.env", settings)
    write_all(layout, resources, kept)
    print(f"Page      {layout.ui_url}\nGateway   {layout.gateway_url}")
    for user, password in passwords.items():
        print(f"Sign in   {user}  {password}")
    return 0


def _options(layout: Containers) -> Options:
    days = int(os.environ.get("GATEWAY_RETENTION_DAYS", "90"))
    return Options(layout=layout, ingest=1, captioner=1, detach=False, retention_days=days)


def _patiently(work: Callable[[], T]) -> T:
    """LocalStack answers its health check a little before all of its services do."""
    give_up_at = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return work()
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > give_up_at:
                raise
            print(f"Not yet: {type(error).__name__}", flush=True)
            time.sleep(_PAUSE_S)


def _write(path: Path, settings: Mapping[str, str]) -> None:
    lines = [
        f"{name}={shlex.quote(value)}\n"
        for name, value in sorted(settings.items())
        if name not in _NOT_HERE
    ]
    write_private(path, "".join(lines))


if __name__ == "__main__":
    sys.exit(main())
