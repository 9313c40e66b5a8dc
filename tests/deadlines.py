"""Waiting for a condition with a deadline, which is how every test here waits."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

POLL_S = 0.02
# Conditions of whole processes ask the emulator, which has other work to do.
_ASKING_S = 0.1


async def until(
    condition: Callable[[], object | Awaitable[object]], *, within: float = 10.0
) -> None:
    """Return once ``condition`` is true; fail after ``within`` seconds."""
    deadline = time.monotonic() + within
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not so within {within} s: {inspect.getsource(condition)}")
        await asyncio.sleep(POLL_S)


def wait_until(condition: Callable[[], object], *, within: float = 90.0, what: str = "it") -> None:
    """The same for tests without an event loop; ``what`` is what did not come to pass."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not so within {within} s"
        time.sleep(_ASKING_S)
