"""``DETACH=1``: a supervisor without a terminal, and the wait until its stack works."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from infra.local import written
from infra.local.journal import FAILED, READY, REPORT_FD
from infra.local.layout import ROOT, SUPERVISOR, Layout, UsageError
from infra.local.preflight import locked
from infra.local.probe import is_well

_WAIT_FOR_OTHER = 120.0  # seconds for a stack that is still starting
_POLL = 0.2  # seconds


def start_in_background(layout: Layout, parent: Mapping[str, str]) -> int:
    """Run this very command again without a terminal; return 0 once its stack works.

    If it doesn't, say why and return 1: by then the supervisor has stopped everything.
    """
    ours, theirs = os.pipe()
    errors = layout.log / f"{SUPERVISOR}.err"
    with errors.open("wb") as stderr:
        supervisor = subprocess.Popen(
            [sys.executable, *sys.orig_argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env={**parent, REPORT_FD: str(theirs)},
            cwd=ROOT,
            pass_fds=(theirs,),
            start_new_session=True,
        )
    os.close(theirs)
    try:
        with os.fdopen(ours) as reports:
            if _relay(reports):
                return 0
    except KeyboardInterrupt:
        supervisor.terminate()
        print("Stopping …", file=sys.stderr)
    supervisor.wait()
    print(errors.read_text(), end="", file=sys.stderr)
    return 1


def wait_for_running(layout: Layout) -> int:
    """A stack runs in this folder already: return 0 once it is well, 1 if it isn't in time."""
    deadline = time.monotonic() + _WAIT_FOR_OTHER
    while not _all_well(layout):
        if time.monotonic() > deadline or not _is_running(layout):
            raise UsageError(f"a stack was running in {layout.state}, but it is not well")
        time.sleep(_POLL)
    values = written.read(layout.stack_env) or {}
    if values.get("GATEWAY_URL") != layout.gateway_url:
        raise UsageError(
            f"a stack is running in {layout.state}, but at {values.get('GATEWAY_URL')}: "
            "give the second one a STATE_DIR of its own"
        )
    print(f"Running already: page {layout.ui_url}, API {layout.gateway_url}")
    return 0


def _relay(reports: TextIO) -> bool:
    for line in reports:
        for kind, text in json.loads(line).items():
            print(text, file=sys.stderr if kind == FAILED else sys.stdout, flush=True)
            if kind in {READY, FAILED}:
                return bool(kind == READY)
    print("the supervisor ended before the stack worked", file=sys.stderr)
    return False


def _is_running(layout: Layout) -> bool:
    with locked(layout) as held:
        return not held


def _all_well(layout: Layout) -> bool:
    try:
        checks = json.loads(layout.ready.read_text())
    except FileNotFoundError:
        return False

    async def ask() -> list[bool]:
        return await asyncio.gather(*(is_well(port, path) for port, path in checks))

    return all(asyncio.run(ask()))
