"""Cores that several processes share as Linux shares them: who had the least so far goes first.

So a process that computes little and often is hardly kept waiting by one that computes all the
time, which cores divided evenly at each moment would not show.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from simpy import Environment, Event

SLICE_S = 0.003  # that a thread may run on while another waits: sched(7), base_slice
_NOTHING = 1e-9  # seconds of work that are a rounding error


@dataclass(eq=False)
class _Job:
    left: float  # seconds on a core
    done: Event


@dataclass(eq=False)
class _Thread:
    job: _Job | None = None
    had: float = 0.0  # core seconds, never far behind those of the others
    rate: float = 0.0  # cores


class SharedCores:
    """``cores`` for jobs of several processes, each with so many ``threads`` for one job each."""

    def __init__(self, env: Environment, cores: float, threads: Mapping[str, int]) -> None:
        self._env = env
        self._cores = cores
        self._threads = {name: [_Thread() for _ in range(n)] for name, n in threads.items()}
        self._waiting: dict[str, deque[_Job]] = {name: deque() for name in threads}
        self._busy: dict[_Thread, str] = {}  # threads with a job, and of which process
        self._at = env.now
        self._plan = 0
        self.used = 0.0  # core seconds so far

    def work(self, process: str, seconds: float) -> Event:
        """An event that comes when so many seconds of work are done."""
        job = _Job(seconds, self._env.event())
        if seconds <= _NOTHING:
            job.done.succeed()
            return job.done
        self._advance()
        self._waiting[process].append(job)
        self._wake(process)
        self._share()
        return job.done

    def _wake(self, process: str) -> None:
        """Give the process's idle threads what waits for them."""
        least = min((thread.had for thread in self._busy), default=0.0)
        for thread in self._threads[process]:
            if thread.job is None and self._waiting[process]:
                thread.job = self._waiting[process].popleft()
                # Who slept gets no more than a slice for it.
                thread.had = max(thread.had, least - SLICE_S)
                self._busy[thread] = process

    def _advance(self) -> None:
        """Count what was done since the last change."""
        passed = self._env.now - self._at
        self._at = self._env.now
        for thread in self._busy:
            if thread.job is not None and thread.rate:
                worked = passed * thread.rate
                thread.job.left -= worked
                thread.had += worked
                self.used += worked

    def _share(self) -> None:
        """Let those run that had the least, until one is done or its slice is over."""
        self._plan += 1
        ranked = sorted(self._busy, key=lambda thread: thread.had)
        whole = max(1, round(self._cores))
        running = ranked[:whole]
        rate = min(1.0, self._cores / max(1, len(running)))
        for thread in ranked:
            thread.rate = 0.0
        first = SLICE_S if len(ranked) > len(running) else float("inf")
        for thread in running:
            thread.rate = rate
            if thread.job is not None:
                first = min(first, thread.job.left / rate)
        if not running:
            return
        plan = self._plan
        wake = self._env.timeout(max(0.0, first))
        wake.callbacks.append(lambda _: self._ended(plan))

    def _ended(self, plan: int) -> None:
        if plan != self._plan:
            return  # something came in between, and another wake-up stands for it
        self._advance()
        ended: list[_Job] = []
        for thread, process in list(self._busy.items()):
            if thread.job is not None and thread.job.left <= _NOTHING:
                ended.append(thread.job)
                thread.job = self._waiting[process].popleft() if self._waiting[process] else None
                if thread.job is None:
                    del self._busy[thread]
        self._share()
        for job in ended:
            job.done.succeed()
