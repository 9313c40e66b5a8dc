"""Hand in files, a few at a time; whatever is asked twice is done once.

A file's idempotency key comes from its bytes, the options and the batch, so the same command run
again finds the images it made before.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from clients.problems import ApiError, ApiProblem
from clients.resources import Image

LONGEST_QUOTA_WAIT_S = 60.0
_TICK_S = 0.2


@dataclass(frozen=True)
class Sent:
    """What became of a file: an image, or a problem. ``again``: the same command may help."""

    file: Path
    image: Image | None = None
    problem: str | None = None
    detail: str = ""
    again: bool = False


class Taker(Protocol):
    """Where files are handed in; see ``CaptionApi.submit``."""

    def submit(self, data: bytes, *, key: str, options: Mapping[str, str] | None = None) -> Image:
        """The image made of ``data``."""
        ...


def key_of(data: bytes, options: Mapping[str, str]) -> str:
    """The idempotency key of ``data`` with ``options``, of which the batch is one."""
    asked = json.dumps(dict(options), sort_keys=True).encode()
    return hashlib.sha256(asked + b"\0" + data).hexdigest()


class Sender:
    """Sends ``files`` from ``jobs`` threads."""

    def __init__(self, api: Taker, options: Mapping[str, str], *, jobs: int) -> None:
        self._api = api
        self._options = options
        self._jobs = jobs
        self._stopped = threading.Event()
        self._hopeless: ApiProblem | None = None

    def send(self, files: Sequence[Path]) -> Iterator[Sent]:
        """What became of each, as it becomes known.

        The threads are daemons: leaving the program in the middle loses nothing, see above.
        """
        waiting: SimpleQueue[Path] = SimpleQueue()
        done: SimpleQueue[Sent] = SimpleQueue()
        for file in files:
            waiting.put(file)
        for _ in range(min(self._jobs, len(files))):
            threading.Thread(target=self._work, args=(waiting, done), daemon=True).start()
        try:
            left = len(files)
            while left:
                try:
                    yield done.get(timeout=_TICK_S)  # a wait without end would hold up Ctrl-C
                except Empty:
                    continue
                left -= 1
        finally:
            self._stopped.set()

    def _work(self, waiting: "SimpleQueue[Path]", done: "SimpleQueue[Sent]") -> None:
        while not self._stopped.is_set():
            try:
                file = waiting.get_nowait()
            except Empty:
                return
            done.put(self._sent(file))

    def _sent(self, file: Path) -> Sent:
        try:
            data = file.read_bytes()
            return Sent(file, self._taken(data))
        except OSError as error:
            return Sent(file, problem="unreadable_file", detail=error.strerror or "")
        except ApiProblem as problem:
            again = problem.retry_after is not None or problem.status == HTTPStatus.UNAUTHORIZED
            return Sent(file, problem=problem.code, detail=_sentence(problem), again=again)
        except ApiError as error:
            return Sent(file, problem="unreachable", detail=str(error), again=True)
        except Exception as error:  # noqa: BLE001  a file must not vanish from the report
            return Sent(file, problem="internal_error", detail=type(error).__name__, again=True)

    def _taken(self, data: bytes) -> Image:
        while True:
            if self._hopeless is not None:
                raise self._hopeless
            try:
                return self._api.submit(
                    data, key=key_of(data, self._options), options=self._options
                )
            except ApiProblem as problem:
                wait = _wait_for_quota(problem)
                if wait is None:
                    if _ends_all(problem):
                        self._hopeless = problem
                    raise
                if self._stopped.wait(wait):
                    raise


def _wait_for_quota(problem: ApiProblem) -> float | None:
    """Seconds until there is a unit again, if it is worth staying for."""
    after = problem.retry_after
    if problem.code != "quota_exceeded" or after is None or after > LONGEST_QUOTA_WAIT_S:
        return None
    return after


def _ends_all(problem: ApiProblem) -> bool:
    """The next file would be told the same."""
    return problem.code == "quota_exceeded" or problem.status == HTTPStatus.UNAUTHORIZED


def _sentence(problem: ApiProblem) -> str:
    if problem.retry_after is None:
        return problem.detail
    minutes, seconds = divmod(round(problem.retry_after), 60)
    return f"{problem.detail} Try again in {f'{minutes} min' if minutes else f'{seconds} s'}."
