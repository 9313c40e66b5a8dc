"""Drives ``python -m infra.local`` from outside, as make does, with fakes for the services."""

import os
import random
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from infra.local.layout import ROOT

FAKES = Path(__file__).with_name("local_stack_fakes.py")
DEADLINE_S = 90


def free_port_base():
    """The first of four ports that nobody listens on."""
    while True:
        base = random.randrange(20_000, 29_000)  # noqa: S311 - nothing secret
        with ExitStack() as held:
            try:
                for port in range(base, base + 4):
                    listener = held.enter_context(socket.socket())
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return base


def answers(url):
    """Whether a GET of this address of ours answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own address
            return answer.status == 200
    except OSError:
        return False


class Stack:
    """One stack's commands, and what is seen of it from outside."""

    def __init__(self, state):
        self.state = state
        self.base = free_port_base()
        self.ports = range(self.base, self.base + 3)

    def command(self, name, **variables):
        """The arguments for ``subprocess`` that run one command of this stack."""
        environment = {
            **os.environ,
            "PORT_BASE": str(self.base),
            "STATE_DIR": str(self.state),
            "PYTHONPATH": str(ROOT),
            **variables,
        }
        return {"args": [sys.executable, str(FAKES), name], "env": environment, "text": True}

    def run(self, name, **variables):
        """Run one command to its end."""
        return subprocess.run(
            **self.command(name, **variables), capture_output=True, timeout=120, check=False
        )

    def up(self, **variables):
        """Start in the background; it must work."""
        done = self.run("up", DETACH="1", **variables)
        assert done.returncode == 0, done.stderr
        return done

    def pid(self, name):
        """The number in a pid file."""
        return int((self.state / "run" / f"{name}.pid").read_text())

    def kill(self, name):
        """Kill one process outright."""
        os.kill(self.pid(name), signal.SIGKILL)

    def pids(self):
        """Every process that carries this stack's mark, by the kernel's own list."""
        mark = f"CAPTION_STACK={self.state}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (path / "environ").read_bytes().split(b"\0"):
                    found.append(int(path.name))
            except OSError:
                continue
        return found

    def listening(self):
        """Those of its ports on which somebody answers."""
        found = []
        for port in self.ports:
            with socket.socket() as visitor:
                if visitor.connect_ex(("127.0.0.1", port)) == 0:
                    found.append(port)
        return found
