"""Whether a worker can work, as an orchestrator asks it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from shared.health import LoopLag, Report, health_server

LIMIT_S = 0.5
KEPT_S = 1.5
PATIENCE_S = 0.4  # of whoever asks


@dataclass
class Worker:
    """A loop in a thread of its own, with a health server on it."""

    loop: asyncio.AbstractEventLoop
    port: int = 0
    healthy: bool = True
    ready: bool = True

    def block(self, seconds: float) -> None:
        """Let no task of the loop run for so long, from now on."""
        blocked = threading.Event()

        def hold() -> None:
            blocked.set()
            time.sleep(seconds)

        self.loop.call_soon_threadsafe(hold)
        assert blocked.wait(10)

    def ask(self, path: str = "/healthz", *, timeout: float = 10) -> tuple[int, dict[str, Any]]:
        answer = requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=timeout)
        return answer.status_code, answer.json()


@contextmanager
def worker(report: Callable[[], Report] = dict) -> Iterator[Worker]:
    made = Worker(asyncio.new_event_loop())
    stop, up = asyncio.Event(), threading.Event()

    async def serve() -> None:
        async with health_server(
            0,
            healthy=lambda: made.healthy,
            ready=lambda: made.ready,
            report=report,
            lag=LoopLag(limit=LIMIT_S, kept=KEPT_S),
        ) as port:
            assert port is not None
            made.port = port
            up.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: made.loop.run_until_complete(serve()))
    thread.start()
    try:
        assert up.wait(10)
        yield made
    finally:
        made.loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        made.loop.close()


def test_a_blocked_loop_gives_no_answer_in_time() -> None:
    with worker() as blocked:
        blocked.block(2 * PATIENCE_S)

        with pytest.raises(requests.Timeout):
            blocked.ask(timeout=PATIENCE_S)
        assert blocked.ask()[0] == 503


def test_a_loop_that_was_blocked_says_so_for_a_while_and_is_well_again() -> None:
    with worker() as blocked:
        blocked.block(2 * LIMIT_S)
        status, said = blocked.ask()
        ready, _ = blocked.ask("/readyz")
        deadline = time.monotonic() + 10 * KEPT_S
        while blocked.ask()[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.1)

        assert (status, said["ok"]) == (503, False)
        assert 0.9 * LIMIT_S < said["loop_lag_s"] < 20 * LIMIT_S
        assert ready == 503
        status, said = blocked.ask()
        assert (status, said["ok"]) == (200, True)
        assert said["loop_lag_s"] < LIMIT_S


def test_what_the_worker_reports_goes_along() -> None:
    with worker(lambda: {"in_flight": 3, "draining": True}) as busy:
        busy.ready = False

        assert busy.ask() == (200, busy.ask()[1] | {"ok": True, "in_flight": 3, "draining": True})
        assert busy.ask("/readyz")[0] == 503

        busy.healthy = False
        assert busy.ask()[0] == 503
