import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WORKER = """
import ctypes, os, sys
from services.ingest.secrecy import hide_from_own_processes

if os.getuid() == 0:
    os.setuid(65534)  # root sees everything
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as after a plain start: a change of user hides, too
if sys.argv[1] == "hidden":
    hide_from_own_processes()
if os.fork() == 0:
    try:
        with open(f"/proc/{os.getppid()}/environ") as environ:
            print(environ.read())
    except PermissionError:
        print("refused")
else:
    os.wait()
"""


def seen_by_a_child(how: str) -> str:
    """What a child sees of its parent's environment."""
    return subprocess.run(
        [sys.executable, "-c", WORKER, how],
        cwd=ROOT,
        env={"AWS_SECRET_ACCESS_KEY": "the-secret"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=30,
    ).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_child_of_the_same_user_cannot_read_the_credentials_in_the_environment():
    assert "the-secret" in seen_by_a_child("open")
    assert seen_by_a_child("hidden") == "refused\n"
