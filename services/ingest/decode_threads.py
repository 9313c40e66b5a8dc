"""Decodes in threads of the worker, each with a time limit.

A thread stuck in C code can't be stopped. It is given up: its slot is never free again, and whoever
asked for it hears ``overrun``, to drain the worker and let it be started anew.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class Overrun(Exception):
    """A decode took longer than it may."""


class DecodeThreads:
    """At most ``count`` decodes at once, ``limit_s`` seconds each."""

    def __init__(self, count: int, *, limit_s: float, overrun: Callable[[], None]) -> None:
        self._slots = asyncio.Semaphore(count)
        self._limit_s = limit_s
        self._overrun = overrun

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` returns or raises. Raises ``Overrun`` if it takes too long."""
        await self._slots.acquire()
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()

        def decode() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001  raised again where it is awaited
                settle = partial(outcome.set_exception, error)
            else:
                settle = partial(outcome.set_result, result)
            # The loop is closed if the worker gave this thread up.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._finish, outcome, settle)

        # A thread of a pool would be waited for when the process ends; starting one takes 0.1 ms.
        Thread(target=decode, name="decode", daemon=True).start()
        scope = asyncio.timeout(self._limit_s)
        try:
            async with scope:
                return await outcome
        except TimeoutError as error:
            if not scope.expired():
                raise
            self._overrun()
            raise Overrun from error

    def _finish(self, outcome: asyncio.Future[T], settle: Callable[[], None]) -> None:
        # Only now: a caller that was cancelled leaves its thread at work.
        self._slots.release()
        if not outcome.cancelled():
            settle()
