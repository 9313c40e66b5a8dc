"""Waiting for a condition with a deadline, which is how every test here waits."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

POLL_S = 0.02


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
