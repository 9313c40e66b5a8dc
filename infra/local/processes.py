"""The table of what runs: one command line, environment and health check per process."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.environment import child_environment
from infra.local.kept import Kept
from infra.local.layout import LOOPBACK, ROOT, Layout, Options, UsageError
from infra.local.models import captioner_models, ingest_models
from infra.local.provision import Resources
from infra.local.signin import logout_urls

# A person who pressed Ctrl-C waits for the poll to return and for the drain; the latter has to end
# before the supervisor loses patience.
_POLL_WAIT_S = "1"
_DRAIN_S = "10"
_PASSED_TO_EMULATOR = ("HOME", "LANG", "LC_ALL", "PATH", "TZ")


@dataclass(frozen=True)
class Process:
    """One process to keep alive. Without ``port``, its ``ready`` line says where it answers."""

    service: str
    number: int
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    health_path: str
    port: int | None = None

    @property
    def name(self) -> str:
        """As in its files: ``ingest-2``."""
        return f"{self.service}-{self.number}"


def emulator(layout: Layout, parent: Mapping[str, str]) -> Process:
    """Emulated AWS in its own environment; raise ``UsageError`` if that was never made.

    Its variables are documented in its README; the listeners we don't use are off, and a Docker
    it might find on this machine is none of its business.
    """
    python = ROOT / ".venv-aws" / "bin" / "python"
    if not python.exists():
        raise UsageError("there is no .venv-aws: start with `make up`, which makes it")
    state = layout.state / "aws"
    temporary = layout.state / "tmp"
    for folder in (state, temporary):
        folder.mkdir(exist_ok=True)
    settings = {
        "GATEWAY_PORT": str(layout.aws_port),
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(temporary),
        "DOCKER_HOST": f"unix://{temporary}/no-docker",
    }
    kept = {name: parent[name] for name in _PASSED_TO_EMULATOR if name in parent}
    environment = child_environment(layout, kept, settings, prefix="MINISTACK_")
    del environment["AWS_ENDPOINT_URL"], environment["PYTHONPATH"]
    return Process(
        "aws",
        1,
        (str(python), "-m", "ministack"),
        environment,
        health_path="/_ministack/health",
        port=layout.aws_port,
    )


def services(
    options: Options, resources: Resources, kept: Kept, parent: Mapping[str, str]
) -> list[Process]:
    """Our own processes, in the order in which they are started."""
    layout = options.layout
    gateway = _gateway_settings(options, resources, kept)
    ingest = {**_ingest_settings(resources, kept), **ingest_models(layout)}
    captioner = {
        **_captioner_settings(resources, kept, parent),
        **captioner_models(layout, options.models, parent),
    }
    found = [] if layout.standin_port is None else [_standin(layout, parent)]
    found += [
        _worker(layout, parent, "ingest", number, ingest) for number in range(1, options.ingest + 1)
    ]
    found += [
        _worker(layout, parent, "captioner", number, captioner)
        for number in range(1, options.captioner + 1)
    ]
    found.append(
        Process(
            "gateway",
            1,
            (sys.executable, "-m", "services.gateway"),
            child_environment(layout, parent, gateway, prefix="GATEWAY_"),
            health_path="/readyz",
            port=layout.gateway_port,
        )
    )
    settings = {**gateway, "GATEWAY_SWEEPER_HEALTH_PORT": "0"}
    environment = child_environment(layout, parent, settings, prefix="GATEWAY_")
    argv = (sys.executable, "-m", "services.gateway.sweeper")
    found.append(Process("sweeper", 1, argv, environment, health_path="/readyz"))
    found.append(_ui(layout, parent))
    return found


def _worker(
    layout: Layout,
    parent: Mapping[str, str],
    service: str,
    number: int,
    settings: Mapping[str, str],
) -> Process:
    return Process(
        service,
        number,
        (sys.executable, "-m", f"services.{service}"),
        child_environment(layout, parent, settings, prefix=f"{service.upper()}_"),
        health_path="/readyz",
    )


def _standin(layout: Layout, parent: Mapping[str, str]) -> Process:
    # As a program: nothing of ours imports the tests.
    program = (sys.executable, "-m", "tests.standins")
    return Process(
        "standin",
        1,
        (*program, "--host", LOOPBACK, "--port", str(layout.standin_port)),
        child_environment(layout, parent, {}, prefix="STANDIN_", aws=False),
        health_path="/healthz",
        port=layout.standin_port,
    )


def _ui(layout: Layout, parent: Mapping[str, str]) -> Process:
    flags = {
        "server.port": str(layout.ui_port),
        "server.address": LOOPBACK,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": "localhost",
        # As a flag, not as STREAMLIT_SECRETS_FILES, which Streamlit splits at spaces.
        "secrets.files": str(layout.streamlit_secrets),
    }
    given = [part for name, value in flags.items() for part in (f"--{name}", value)]
    app = str(ROOT / "services" / "ui" / "app.py")
    settings = {"UI_GATEWAY_URL": layout.gateway_url}
    return Process(
        "ui",
        1,
        (sys.executable, "-m", "streamlit", "run", app, *given),
        # The page knows nothing but the gateway: no credentials for it.
        child_environment(layout, parent, settings, prefix="UI_", aws=False),
        health_path="/_stcore/health",
        port=layout.ui_port,
    )


def _gateway_settings(options: Options, resources: Resources, kept: Kept) -> dict[str, str]:
    layout, sign_in = options.layout, resources.sign_in
    return {
        "GATEWAY_HOST": LOOPBACK,
        "GATEWAY_PORT": str(layout.gateway_port),
        "GATEWAY_PUBLIC_URL": layout.gateway_url,
        "GATEWAY_IMAGES_BUCKET": resources.images_bucket,
        "GATEWAY_RECORDS_TABLE": resources.records_table,
        "GATEWAY_INGEST_QUEUE_URL": resources.ingest.url,
        "GATEWAY_INGEST_DLQ_URL": resources.ingest.dead_letters_url,
        "GATEWAY_CAPTION_QUEUE_URL": resources.caption.url,
        "GATEWAY_CAPTION_DLQ_URL": resources.caption.dead_letters_url,
        "GATEWAY_COGNITO_ISSUER": sign_in.issuer,
        "GATEWAY_COGNITO_JWKS_URL": sign_in.jwks_url,
        "GATEWAY_COGNITO_CLIENT_IDS": f"{sign_in.ui_client_id},{sign_in.api_client_id}",
        # The emulator serves the hosted pages at its own address, whatever the domain.
        "GATEWAY_COGNITO_USER_POOL_DOMAIN_URL": layout.aws_url,
        "GATEWAY_OPENID_CONFIGURATION_URL": sign_in.discovery_url,
        "GATEWAY_LOGOUT_CLIENT_ID": sign_in.ui_client_id,
        "GATEWAY_LOGOUT_URLS": ",".join(logout_urls(layout.ui_url)),
        "GATEWAY_RETENTION_DAYS": str(options.retention_days),
        "GATEWAY_SIGNING_KEY": kept.signing_key,
        "GATEWAY_USER_HASH_KEY": kept.user_hash_key,
        "GATEWAY_DRAIN_S": _DRAIN_S,
    }


def _ingest_settings(resources: Resources, kept: Kept) -> dict[str, str]:
    return {
        "INGEST_IMAGES_BUCKET": resources.images_bucket,
        "INGEST_RECORDS_TABLE": resources.records_table,
        "INGEST_USER_HASH_KEY": kept.user_hash_key,
        "INGEST_QUEUE_URL": resources.ingest.url,
        "INGEST_DLQ_URL": resources.ingest.dead_letters_url,
        "INGEST_CAPTION_QUEUE_URL": resources.caption.url,
        "INGEST_POLL_WAIT_S": _POLL_WAIT_S,
        "INGEST_DRAIN_S": _DRAIN_S,
        "INGEST_HEALTH_PORT": "0",
    }


def _captioner_settings(
    resources: Resources, kept: Kept, parent: Mapping[str, str]
) -> dict[str, str]:
    # It gives units of the gateway's quota back, so the two must mean the same by one.
    quota = {
        name.replace("GATEWAY_", "CAPTIONER_"): parent[name]
        for name in ("GATEWAY_QUOTA_LIMIT", "GATEWAY_QUOTA_WINDOW_S")
        if name in parent
    }
    return {
        **quota,
        "CAPTIONER_IMAGES_BUCKET": resources.images_bucket,
        "CAPTIONER_RECORDS_TABLE": resources.records_table,
        "CAPTIONER_USER_HASH_KEY": kept.user_hash_key,
        "CAPTIONER_QUEUE_URL": resources.caption.url,
        "CAPTIONER_DLQ_URL": resources.caption.dead_letters_url,
        "CAPTIONER_POLL_WAIT_S": _POLL_WAIT_S,
        "CAPTIONER_DRAIN_S": _DRAIN_S,
        "CAPTIONER_HEALTH_PORT": "0",
    }
