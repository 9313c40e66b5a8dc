import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.local import ownership
from infra.local.environment import STACK_MARK

_SLEEPER = "import time; print(flush=True); time.sleep(60)"
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + _SLEEPER


@pytest.fixture
def start():
    started = []

    def run(program, environment=None):
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            start_new_session=True,
            stdout=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        process.first_line = process.stdout.readline()
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_pid_file_holds_the_number_alone(tmp_path):
    ownership.record(tmp_path, "ingest-1", os.getpid())

    assert (tmp_path / "ingest-1.pid").read_text() == f"{os.getpid()}\n"
    assert ownership.find(tmp_path, "ingest-1").pid == os.getpid()


def test_reused_number_is_not_ours(tmp_path, start):
    stranger = start(_SLEEPER)
    ownership.record(tmp_path, "ingest-1", stranger.pid)
    (tmp_path / "ingest-1.mark").write_text("another boot 1")

    ownership.stop(tmp_path, ownership.recorded(tmp_path), grace=5)

    assert stranger.poll() is None
    assert not list(tmp_path.iterdir())


def test_number_without_a_mark_is_not_ours(tmp_path, start):
    stranger = start(_SLEEPER)
    (tmp_path / "ingest-1.pid").write_text(str(stranger.pid))

    assert ownership.find(tmp_path, "ingest-1") is None


def test_pid_file_that_vanishes_while_it_is_read_is_nobody_s(tmp_path):
    # The folder lists a link to nothing, as it lists a file that is removed a moment later.
    (tmp_path / "ingest-1.pid").symlink_to(tmp_path / "gone")

    assert ownership.recorded(tmp_path) == []


def test_ours_is_stopped_and_forgotten(tmp_path, start):
    process = start(_SLEEPER)
    ownership.record(tmp_path, "ingest-1", process.pid)

    ownership.stop(tmp_path, ownership.recorded(tmp_path), grace=5)

    assert process.wait(5) == -15
    assert not list(tmp_path.iterdir())


def test_who_does_not_end_in_time_is_killed(tmp_path, start):
    process = start(_STUBBORN)
    ownership.record(tmp_path, "ingest-1", process.pid)

    ownership.stop(tmp_path, ownership.recorded(tmp_path), grace=0.1)

    assert process.wait(5) == -9


def test_process_that_ended_is_not_alive(tmp_path, start):
    process = start("print(flush=True)")
    ownership.record(tmp_path, "ingest-1", process.pid)
    process.wait(5)

    [owned] = ownership.recorded(tmp_path)

    assert not owned.alive


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="strays are found by way of /proc")
def test_what_outlives_its_leader_is_killed_if_it_is_ours(tmp_path, start):
    leave = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {_SLEEPER!r}], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
"""
    ours = start(leave, {STACK_MARK: str(tmp_path)})
    theirs = start(leave, {STACK_MARK: "/somewhere/else"})
    strays = [int(each.first_line) for each in (ours, theirs)]
    for each in (ours, theirs):
        each.wait(5)

    ownership.stop_strays(tmp_path, [ours.pid, theirs.pid])

    deadline = time.monotonic() + 5
    while ownership.started_mark(strays[0]) and time.monotonic() < deadline:
        time.sleep(0.01)
    left = [bool(ownership.started_mark(pid)) for pid in strays]
    os.kill(strays[1], signal.SIGKILL)
    assert left == [False, True]
