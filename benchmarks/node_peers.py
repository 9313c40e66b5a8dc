"""sharp, a package of Node: installed in a folder of its own, where Node is there at all."""

import shutil
import subprocess

from benchmarks.machine import ROOT, NotPrepared

_SOURCES = ROOT / "benchmarks/contenders/sharp"
_INSTALLED = ROOT / ".venv-bench-node"
_STAMP = _INSTALLED / ".stamp-package-lock.json"
_INSTALL_LIMIT_S = 120


def sharp_command() -> list[str]:
    """How to start it, installed first if need be. Raises ``NotPrepared`` where it can't be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotPrepared("it needs node and npm, which are not installed")
    lock = (_SOURCES / "package-lock.json").read_bytes()
    if not _STAMP.exists() or _STAMP.read_bytes() != lock:
        _install(npm)
        # Last, so that an interrupted installation is repeated.
        _STAMP.write_bytes(lock)
    return [node, str(_SOURCES / "thumbnail.mjs"), str(_INSTALLED)]


def _install(npm: str) -> None:
    _INSTALLED.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_SOURCES / name, _INSTALLED / name)
    # Its binaries are packages too: nothing has to be built, so no script has to run.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        subprocess.run(
            command, cwd=_INSTALLED, stdout=subprocess.DEVNULL, check=True, timeout=_INSTALL_LIMIT_S
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise NotPrepared("npm could not install it") from error
