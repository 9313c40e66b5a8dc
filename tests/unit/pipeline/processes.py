"""Processes that stop before every call to AWS until the test lets them go on, or die there."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

TURNS_OF_THE_LOOP = 8  # from the end of one call to the next, through tasks and gathers
MANY = 500

Kind = Literal[
    "submit", "worker", "marks", "sweeper", "delete", "retry", "caption_again", "edit", "upgrade"
]


class Crash(BaseException):
    """The process is dead. Nothing catches it, as nothing catches SIGKILL."""


class Fate(Enum):
    """What becomes of the call that a process waits to make."""

    DONE = "done"
    LOST = "lost"  # the process dies before it takes effect
    ORPHANED = "orphaned"  # it takes effect, and nobody lives to hear of it


@dataclass(eq=False)
class Process:
    """One at work. ``lease`` is the one that it took, ``began`` in seconds of the test's clock."""

    kind: Kind
    began: float
    job: str | None = None
    lease: str | None = None
    dead: bool = False
    calls: "list[asyncio.Future[Fate]]" = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None

    @property
    def is_over(self) -> bool:
        return not self.calls and self.task is not None and self.task.done()


CURRENT: ContextVar[Process | None] = ContextVar("process", default=None)


async def turn() -> Fate:
    """Wait for the test's leave to make a call; outside of a process there is nobody to ask."""
    process = CURRENT.get()
    if process is None:
        return Fate.DONE
    if process.dead:
        raise Crash
    leave: asyncio.Future[Fate] = asyncio.get_running_loop().create_future()
    process.calls.append(leave)
    fate = await leave
    if fate is Fate.LOST:
        raise Crash
    return fate


class Machine:
    """Runs processes on a loop of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        # What a dead process leaves unfinished is no news.
        self.loop.set_exception_handler(lambda _loop, _context: None)

    def close(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run what is no process to its end."""
        return self.loop.run_until_complete(work)

    def start(self, process: Process, work: Coroutine[Any, Any, None]) -> None:
        """Bring ``process`` to its first call."""

        async def begin() -> None:
            CURRENT.set(process)
            process.task = asyncio.create_task(work)

        self.run(begin())
        self._settle(process)

    def go_on(self, process: Process, calls: int, then: Fate = Fate.DONE) -> None:
        """Let ``process`` make up to so many calls. If it has not come to its end, it dies at the
        next one unless ``then`` is ``DONE``.
        """
        for _ in range(calls):
            if process.is_over:
                return
            self._answer(process, Fate.DONE)
        if then is not Fate.DONE and not process.is_over:
            self.kill(process, then)

    def kill(self, process: Process, fate: Fate = Fate.LOST) -> None:
        """Let ``process`` die at its next call."""
        process.dead = True
        for _ in range(MANY):
            if process.is_over:
                return
            self._answer(process, fate)
            fate = Fate.LOST
        raise AssertionError("a dead process goes on")

    def _answer(self, process: Process, fate: Fate) -> None:
        process.calls.pop(0).set_result(fate)
        self._settle(process)

    def _settle(self, process: Process) -> None:
        for _ in range(MANY):
            self.run(_turns(TURNS_OF_THE_LOOP))
            if process.is_over or process.calls:
                return
        raise AssertionError("a process waits for something that is no call")


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
