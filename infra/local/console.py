"""What a person sees of the processes: one short line each, the process's name before it.

The files get the whole record. Nothing here can stop the stack: a closed terminal is ignored.
"""

import json
from datetime import UTC, datetime
from typing import Any, TextIO

_COLOURS = (36, 35, 34, 32, 33, 96, 95, 94, 92, 93)  # ANSI, without red: that is for errors
_RED = 31
_WIDTH = 12
_HIDDEN = frozenset(
    {"time", "level", "event", "service", "logger", "trace_id", "span_id", "output", "exception"}
)


def parse(line: str) -> dict[str, Any] | None:
    """The record in a line of JSON, or ``None`` if the line is anything else."""
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def wrapped(service: str, line: str) -> dict[str, Any]:
    """A record around a line that its writer did not format as one."""
    return new_record(service, "output", output=line)


def new_record(service: str, event: str, *, level: str = "info", **extra: Any) -> dict[str, Any]:
    """A record in the form that the services' own logs have."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"time": time, "level": level, "event": event, "service": service, **extra}


def short(record: dict[str, Any]) -> str:
    """A record as a person reads it: what happened, then the particulars."""
    if record.get("event") == "output":
        return str(record.get("output", ""))
    level = str(record.get("level", "")).upper()
    head = [] if level in {"", "INFO"} else [level]
    rest = [
        f"{name}={value}"
        for name, value in record.items()
        if name not in _HIDDEN and value is not None
    ]
    text = " ".join([*head, str(record.get("event", "")), *rest])
    return f"{text}\n{record['exception']}" if record.get("exception") else text


class Console:
    """Lines for a person on ``stream``; with ``colour`` only where it is a terminal."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._stream: TextIO | None = stream
        self._colour = colour
        self._seen: dict[str, int] = {}

    def show(self, name: str, record: dict[str, Any]) -> None:
        """One record of the process ``name``."""
        error = str(record.get("level", "")).lower() in {"error", "critical"}
        prefix = self._paint(f"{name:<{_WIDTH}}|", self._colour_of(name))
        for line in short(record).splitlines():
            self._write(f"{prefix} {self._paint(line, _RED) if error else line}")

    def say(self, text: str) -> None:
        """A line of the stack's own."""
        self._write(text)

    def _colour_of(self, name: str) -> int:
        place = self._seen.setdefault(name, len(self._seen))
        return _COLOURS[place % len(_COLOURS)]

    def _paint(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour else text

    def _write(self, line: str) -> None:
        if self._stream is None:
            return
        try:
            print(line, file=self._stream, flush=True)
        except (OSError, ValueError):
            self._stream = None
