"""Where one stack lives: its ports, its folder and the names of what it makes in AWS.

Two stacks with different ports and folders share nothing, so that they run side by side.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LOOPBACK = "127.0.0.1"
REGION = "us-east-1"
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"
IMAGES_BUCKET = "caption-images"
RECORDS_TABLE = "caption-records"
USER_POOL = "caption-users"
LOCAL_USER = "editor"
LOCAL_ADMIN = "operator"
SUPERVISOR = "supervisor-1"

_DEFAULT_STATE = ".local"
_DEFAULT_PORTS = (8080, 8501, 4566, 8090)
_MOST_WORKERS = 32
_LONGEST_PAUSE_S = 3600
_MODELS = ("local", "standin", "aws")


class UsageError(Exception):
    """The command can't do what was asked; the text tells a person what to change."""


@dataclass(frozen=True)
class Layout:
    """The ports and the folder of one stack."""

    state: Path
    gateway_port: int
    ui_port: int
    aws_port: int
    standin_port: int | None = None  # there only with MODELS=standin

    @property
    def gateway_url(self) -> str:
        """An address, not a name: nothing then depends on how ``localhost`` resolves."""
        return f"http://{LOOPBACK}:{self.gateway_port}"

    @property
    def ui_url(self) -> str:
        """A name, so that the page's cookies belong to ``localhost`` and to no other server."""
        return f"http://localhost:{self.ui_port}"

    @property
    def aws_url(self) -> str:
        """The emulator. The services must use it as written, or presigned URLs are refused."""
        return f"http://{LOOPBACK}:{self.aws_port}"

    @property
    def standin_url(self) -> str:
        """The stand-in for the model services; empty where there is none."""
        return f"http://{LOOPBACK}:{self.standin_port}" if self.standin_port else ""

    @property
    def ports(self) -> dict[str, int]:
        """Every port that has to be free before the stack starts."""
        always = {"gateway": self.gateway_port, "ui": self.ui_port, "aws": self.aws_port}
        return always | ({"standin": self.standin_port} if self.standin_port else {})

    @property
    def run(self) -> Path:
        """Pid files, what proves them ours, and the lock of the running supervisor."""
        return self.state / "run"

    @property
    def log(self) -> Path:
        """One file of JSON lines per process."""
        return self.state / "log"

    @property
    def stack_env(self) -> Path:
        """The addresses and names that scripts read; there only while the stack is up."""
        return self.state / "stack.env"

    @property
    def ready(self) -> Path:
        """There only while everything works; holds where the fixed ports are asked for health."""
        return self.run / "ready"

    @property
    def streamlit_secrets(self) -> Path:
        """Streamlit's sign-in settings, outside of the app's folder."""
        return self.state / "streamlit-secrets.toml"

    def command(self, goal: str) -> str:
        """What a person types to have ``make`` do ``goal`` to this stack and to no other."""
        if self.state == (ROOT / _DEFAULT_STATE).resolve():
            return f"make {goal}"
        return f"make {goal} STATE_DIR={shlex.quote(str(self.state))}"


@dataclass(frozen=True)
class Options:
    """What ``make up`` was asked for."""

    layout: Layout
    ingest: int
    captioner: int
    detach: bool
    retention_days: int
    models: str = "local"  # or standin, or aws
    restart_pause: float | None = None  # seconds; None: growing


def layout_from(environ: Mapping[str, str]) -> Layout:
    """Read ``PORT_BASE``, ``STATE_DIR`` and whether there is a stand-in.

    Raises ``UsageError`` naming the variable that is wrong.
    """
    state = Path(environ.get("STATE_DIR") or _DEFAULT_STATE).expanduser()
    base = environ.get("PORT_BASE")
    ports = _DEFAULT_PORTS
    if base:
        first = _integer("PORT_BASE", base, least=1024, most=65532)
        ports = (first, first + 1, first + 2, first + 3)
    gateway, ui, aws, standin = ports
    return Layout(
        state=(ROOT / state).resolve(),
        gateway_port=gateway,
        ui_port=ui,
        aws_port=aws,
        standin_port=standin if environ.get("MODELS") == "standin" else None,
    )


def options_from(environ: Mapping[str, str]) -> Options:
    """Read what ``make up`` was given; raise ``UsageError`` naming the variable that is wrong."""
    for fixed in ("GATEWAY_HOST", "GATEWAY_PORT"):
        if fixed in environ:
            raise UsageError(f"{fixed} is not yours to set here: choose the ports with PORT_BASE=N")
    return Options(
        layout=layout_from(environ),
        ingest=_workers("INGEST", environ),
        captioner=_workers("CAPTIONER", environ),
        detach=is_on(environ.get("DETACH")),
        retention_days=_integer(
            "GATEWAY_RETENTION_DAYS",
            environ.get("GATEWAY_RETENTION_DAYS") or "90",
            least=3,
            most=36500,
        ),
        models=_models(environ.get("MODELS") or "local"),
        restart_pause=_restart_pause(environ.get("RESTART_PAUSE_S")),
    )


def is_on(value: str | None) -> bool:
    """Whether a yes-or-no variable such as ``DETACH=1`` says yes."""
    return (value or "").strip().lower() not in {"", "0", "no", "false", "off"}


def _models(models: str) -> str:
    if models not in _MODELS:
        raise UsageError(f"MODELS={models}: it is one of {', '.join(_MODELS)}")
    return models


def _workers(name: str, environ: Mapping[str, str]) -> int:
    return _integer(name, environ.get(name) or "1", least=0, most=_MOST_WORKERS)


def _restart_pause(text: str | None) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= _LONGEST_PAUSE_S:
        raise UsageError(f"RESTART_PAUSE_S={text}: it is a number from 0 to {_LONGEST_PAUSE_S}")
    return seconds


def _integer(name: str, text: str, *, least: int, most: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise UsageError(f"{name}={text}: it is a whole number from {least} to {most}")
    return value
