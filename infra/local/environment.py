"""What the processes of the stack find in their environment.

None of them ever sees the caller's AWS account, a proxy or a variable of make; a setting that the
caller gave by its own name wins over what the stack computes.
"""

import os
from collections.abc import Mapping

from infra.local.layout import ACCESS_KEY_ID, REGION, ROOT, SECRET_ACCESS_KEY, Layout

# Of processes found in /proc, this one tells which stack they belong to.
STACK_MARK = "CAPTION_STACK"

_STACK_VARIABLES = frozenset(
    {
        *("ADMIN", "CAPTIONER", "DETACH", "INGEST", "MODELS", "NAME", "PORT_BASE", "PYTHON"),
        *("RESTART_PAUSE_S", "STATE_DIR"),
    }
)
_SERVICE_PREFIXES = ("GATEWAY_", "INGEST_", "CAPTIONER_", "UI_")
_FOREIGN_PREFIXES = ("AWS_", "BOTO_", "LOCAL_STACK_", "MAKE")
_MAKE_VARIABLES = frozenset({"GNUMAKEFLAGS", "MFLAGS"})


def inherited(parent: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what must not reach a process of the stack."""
    return {name: value for name, value in parent.items() if not _is_foreign(name)}


def aws_environment(endpoint: str) -> dict[str, str]:
    """Botocore's own variables for the emulator at ``endpoint``, and for nothing else."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def use_emulator(endpoint: str) -> None:
    """Point this process's own AWS calls at the emulator, and away from the caller's account."""
    kept = inherited(os.environ)
    os.environ.clear()
    os.environ.update(kept, **aws_environment(endpoint))


def child_environment(
    layout: Layout,
    parent: Mapping[str, str],
    settings: Mapping[str, str],
    *,
    prefix: str,
    aws: bool = True,
) -> dict[str, str]:
    """The whole environment of one process.

    ``settings`` are the ones the stack computes; those of ``prefix`` in ``parent`` replace them.
    A process without ``aws`` gets no credentials at all.
    """
    return {
        **inherited(parent),
        **(aws_environment(layout.aws_url) if aws else {}),
        **settings,
        **{name: value for name, value in parent.items() if name.startswith(prefix)},
        "PYTHONPATH": _python_path(parent),
        "PYTHONUNBUFFERED": "1",
        STACK_MARK: str(layout.state),
    }


def _python_path(parent: Mapping[str, str]) -> str:
    # Streamlit puts the page's folder on the path, not the project's.
    return os.pathsep.join(filter(None, (str(ROOT), parent.get("PYTHONPATH"))))


def _is_foreign(name: str) -> bool:
    return (
        name in _STACK_VARIABLES
        or name in _MAKE_VARIABLES
        or name.startswith(_FOREIGN_PREFIXES)
        or name.startswith(_SERVICE_PREFIXES)
        or name.lower().endswith("_proxy")
    )
