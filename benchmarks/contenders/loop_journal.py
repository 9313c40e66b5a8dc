"""What the worker loops' contenders share: which message was handled when, told on being asked.

Only the standard library is used: a peer runs in an environment that has none of our packages.
"""

import json
import os
import sys
import threading
import time
from importlib.metadata import version


class Journal:
    """Answers on what was standard output; whatever else is printed, log lines too, is dropped.

    A line on standard input asks for ``[number, seconds on the monotonic clock]`` of each message
    handled since the last line. The process ends with standard input.
    """

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        self._handled: list[tuple[int, float]] = []

    def handled(self, number: int) -> None:
        """The trivial handler: note that message ``number`` is here."""
        self._handled.append((number, time.monotonic()))

    def open(self, *packages: str) -> None:
        """Tell these packages' versions, then answer on a thread of its own."""
        self._say({name: version(name) for name in packages})
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        for _ in sys.stdin:
            told, self._handled = self._handled, []
            self._say(told)
        os._exit(0)

    def _say(self, answer: object) -> None:
        print(json.dumps(answer), file=self._answers, flush=True)
