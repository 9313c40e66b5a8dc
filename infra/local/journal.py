"""Where the supervisor's own words go: the terminal, its log, or the one who waits for it.

In the background there is no terminal; the command that started the stack reads a pipe until the
stack is ready, and the log keeps the rest.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO, TextIO

from infra.local.console import Console, new_record
from infra.local.layout import SUPERVISOR, Layout

REPORT_FD = "LOCAL_STACK_REPORT_FD"  # names the pipe of a supervisor in the background
READY, FAILED = "ready", "failed"
_OLDER = ".1"


class Journal:
    """Hears everything. ``report`` is the pipe of a waiting command, ``None`` in the foreground."""

    def __init__(self, log: BinaryIO, console: Console | None, report: TextIO | None) -> None:
        self._log = log
        self._console = console
        self._report = report

    def heard(self, name: str, record: dict[str, Any]) -> None:
        """A line of the process ``name``, which its own log has already."""
        if self._console is not None:
            self._console.show(name, record)

    def event(self, name: str, event: str, *, level: str = "info", **extra: Any) -> None:
        """Something that happened to the process ``name``."""
        record = new_record("supervisor", event, level=level, process=name, **extra)
        self._write(record)
        if self._console is not None:
            shown = {key: value for key, value in record.items() if key != "process"}
            self._console.show(name, shown)

    def say(self, text: str) -> None:
        """A word to the person, without consequence."""
        self._write(new_record("supervisor", "said", text=text))
        if self._console is not None:
            self._console.say(text)
        self._tell({"say": text})

    def ready(self, text: str) -> None:
        """Everything works; whoever waits may go."""
        self._write(new_record("supervisor", READY))
        if self._console is not None:
            self._console.say(text)
        self._tell({READY: text})
        self._hang_up()

    def failed(self, text: str) -> None:
        """The stack could not start."""
        self._write(new_record("supervisor", FAILED, level="error", reason=text))
        if self._console is not None:
            self._console.say(text)
        self._tell({FAILED: text})

    def _write(self, record: dict[str, Any]) -> None:
        self._log.write(json.dumps(record).encode() + b"\n")

    def _tell(self, message: dict[str, str]) -> None:
        if self._report is None:
            return
        try:
            print(json.dumps(message), file=self._report, flush=True)
        except OSError:  # nobody waits any more
            self._hang_up()

    def _hang_up(self) -> None:
        if self._report is not None:
            os.close(self._report.fileno())
            self._report = None


def open_journal(layout: Layout, environ: Mapping[str, str]) -> Journal:
    """The journal of this run; the logs of the run before are kept beside, once."""
    for path in layout.log.glob("*.log"):
        path.replace(path.with_name(path.name + _OLDER))
    log = layout.log.joinpath(f"{SUPERVISOR}.log").open("ab", buffering=0)
    if REPORT_FD in environ:
        return Journal(log, None, os.fdopen(int(environ[REPORT_FD]), "w", closefd=False))
    colour = sys.stdout.isatty() and "NO_COLOR" not in environ
    return Journal(log, Console(sys.stdout, colour=colour), None)
