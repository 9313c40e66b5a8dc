import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.layout import ROOT
from tests.deadlines import wait_until
from tests.integration.local_stack_driver import Stack, answers

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        not (ROOT.joinpath(".venv-aws").exists() and Path("/proc/self").exists()),
        reason="needs .venv-aws, which `make test` makes, and /proc to count processes",
    ),
]


@pytest.fixture
def stack(tmp_path):
    stack = Stack(tmp_path / "one")
    yield stack
    stack.run("down")


@pytest.fixture
def neighbour(tmp_path):
    stack = Stack(tmp_path / "two")
    yield stack
    stack.run("down")


def test_detached_stack_is_ready_when_the_command_returns(stack):
    done = stack.up()

    assert stack.listening() == list(stack.ports)
    assert (stack.state / "stack.env").stat().st_mode & 0o777 == 0o600
    assert str(stack.base) in done.stdout
    names = {path.stem for path in (stack.state / "run").glob("*.pid")}
    assert {"aws-1", "gateway-1", "ingest-1", "captioner-1", "ui-1", "supervisor-1"} <= names


def test_down_leaves_no_process_and_no_port(stack):
    stack.up(INGEST="2")
    assert len(stack.pids()) >= 6

    done = stack.run("down")

    assert done.returncode == 0
    assert stack.pids() == []
    assert stack.listening() == []
    assert not list((stack.state / "run").glob("*.pid"))
    assert not (stack.state / "stack.env").exists()


def test_down_with_nothing_running_is_no_error(stack):
    done = stack.run("down")

    assert done.returncode == 0
    assert "Nothing was running" in done.stdout


def test_killed_supervisor_leaves_nothing_after_down(stack):
    stack.up()

    stack.kill("supervisor-1")
    done = stack.run("down")

    assert done.returncode == 0
    assert stack.pids() == []
    assert stack.listening() == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only `make down` helps")
def test_killed_supervisor_takes_its_processes_with_it(stack):
    stack.up()

    stack.kill("supervisor-1")

    wait_until(lambda: not stack.pids())
    assert stack.listening() == []


def test_up_after_a_killed_supervisor_starts_anew(stack):
    stack.up()
    stack.kill("supervisor-1")

    stack.up()

    assert stack.listening() == list(stack.ports)


def test_two_stacks_run_side_by_side(stack, neighbour):
    stack.up()
    neighbour.up()

    stack.run("down")

    assert stack.listening() == []
    assert neighbour.listening() == list(neighbour.ports)


def test_up_on_a_running_stack_changes_nothing(stack):
    stack.up()
    before = stack.pid("gateway-1")

    again = stack.run("up", DETACH="1")
    in_foreground = stack.run("up")

    assert again.returncode == 0
    assert "Running already" in again.stdout
    assert in_foreground.returncode != 0
    assert "make down" in in_foreground.stderr
    assert stack.pid("gateway-1") == before


def test_taken_port_is_named(stack):
    with socket.create_server(("127.0.0.1", stack.base + 1)):
        done = stack.run("up", DETACH="1")

    assert done.returncode != 0
    assert f"port {stack.base + 1}" in done.stderr
    assert "PORT_BASE" in done.stderr
    assert stack.pids() == []


def test_service_that_never_starts_is_the_reason_given(stack):
    stack.state.mkdir()
    (stack.state / "ingest-1.broken").touch()

    done = stack.run("up", DETACH="1")

    assert done.returncode != 0
    assert "missing setting: ingest-1" in done.stderr
    assert stack.pids() == []
    assert stack.listening() == []


def test_dead_worker_is_started_again(stack):
    stack.up()
    before = stack.pid("ingest-1")

    stack.kill("ingest-1")
    pid_file = stack.state / "run" / "ingest-1.pid"
    wait_until(lambda: pid_file.exists() and stack.pid("ingest-1") != before)

    log = (stack.state / "log" / "supervisor-1.log").read_text()
    assert "died, starting again" in log


def test_lost_emulator_comes_back_with_everything_in_it(stack):
    stack.up()
    before = stack.pid("gateway-1")
    ready = stack.state / "run" / "ready"

    stack.kill("aws-1")
    wait_until(lambda: not ready.exists())
    wait_until(ready.exists)

    assert stack.pid("gateway-1") != before
    assert stack.run("token", NAME="ana").returncode == 0


def test_every_log_is_json_lines(stack):
    stack.up()

    for path in (stack.state / "log").glob("*.log"):
        for line in path.read_text().splitlines():
            assert isinstance(json.loads(line), dict)
    wrapped = json.loads((stack.state / "log" / "ui-1.log").read_text().splitlines()[0])
    assert wrapped["output"] == "plain words"


def test_token_is_all_that_is_printed(stack):
    stack.up()

    done = stack.run("token", NAME="ana")

    assert done.stdout.count(".") == 2
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_settings_reach_the_process_and_accounts_do_not(stack):
    stack.up(GATEWAY_QUOTA_LIMIT="1000", AWS_PROFILE="production", HTTPS_PROXY="http://proxy:1")

    seen = json.loads((stack.state / "gateway-1.environment").read_text())
    assert seen["GATEWAY_QUOTA_LIMIT"] == "1000"
    assert not seen.keys() & {"AWS_PROFILE", "HTTPS_PROXY"}


def test_stand_in_runs_and_stops_with_the_rest(stack):
    stack.up(MODELS="standin")

    lines = (stack.state / "stack.env").read_text().splitlines()
    url = f"http://127.0.0.1:{stack.base + 3}"
    assert f"STANDIN_URL={url}" in lines
    assert answers(f"{url}/healthz")
    assert stack.pid("standin-1") in stack.pids()
    assert (stack.state / "log" / "standin-1.log").exists()

    stack.run("down")

    assert stack.pids() == []
    assert not answers(f"{url}/healthz")


def test_models_on_aws_want_a_key_before_anything_starts(stack):
    done = stack.run("up", MODELS="aws", DETACH="1")

    assert done.returncode != 0
    assert "AWS_BEARER_TOKEN_BEDROCK" in done.stderr
    assert stack.pids() == []


def test_second_interrupt_kills_what_does_not_end(stack):
    stack.state.mkdir()
    (stack.state / "ingest-1.stubborn").touch()
    running = subprocess.Popen(
        **stack.command("up"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
    )
    wait_until((stack.state / "run" / "ready").exists)

    os.killpg(running.pid, signal.SIGINT)
    wait_until(lambda: not (stack.state / "run" / "gateway-1.pid").exists())
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=10)

    assert stack.pids() == []
    assert stack.listening() == []


def test_one_interrupt_stops_a_foreground_stack(stack):
    running = subprocess.Popen(
        **stack.command("up"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
    )
    try:
        wait_until((stack.state / "run" / "ready").exists)
    finally:
        os.killpg(running.pid, signal.SIGINT)
        output, _ = running.communicate(timeout=30)
        # Shown by pytest if the test fails.
        sys.stdout.write(output)

    assert running.returncode == 0
    assert "Ctrl-C stops it" in output
    assert "gateway-1   | plain words" in output
    assert stack.pids() == []
    assert stack.listening() == []
