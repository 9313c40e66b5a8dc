"""A TCP proxy that can be cut, as an outage of what is behind it, in either of two ways.

Every connection that an outage met is closed with it or at its end: none outlives it half-dead.
"""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Literal, TypeVar

Cut = Literal["refuses", "is silent"]
LOOPBACK = "127.0.0.1"
_CHUNK = 65_536
_PATIENCE_S = 10.0  # for the proxy's own thread
T = TypeVar("T")


class CuttingProxy:
    """Passes bytes from ``port`` to ``upstream``, another port of this machine, until it is cut.

    It runs on ``loop``, in whichever thread; its methods are called from any other.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, port: int, upstream: int) -> None:
        self.port = port
        self._loop = loop
        self._upstream = upstream
        self._listening: socket.socket | None = None
        self._silent = False
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where its clients reach it."""
        return f"http://{LOOPBACK}:{self.port}"

    def open(self) -> None:
        """Begin to listen."""
        self._call(self._listen())

    def close(self) -> None:
        """Stop for good."""
        self._call(self._hang_up())

    @contextmanager
    def cut(self, how: Cut) -> Iterator[None]:
        """While the block runs, refuse connections, or take them and never answer."""
        self._call(self._break(how))
        try:
            yield
        finally:
            self._call(self._mend())

    async def _listen(self) -> None:
        # Not asyncio's own server: closed while it accepts, it forgets the connection (3.11).
        self._listening = socket.create_server((LOOPBACK, self.port), backlog=512)
        self._listening.setblocking(False)
        self._loop.add_reader(self._listening, self._accept, self._listening)

    def _accept(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._serve(connection))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        # Even if it was cancelled before it began.
        task.add_done_callback(lambda _: connection.close())

    async def _hang_up(self) -> None:
        if self._listening is not None:
            self._loop.remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _break(self, how: Cut) -> None:
        if how == "refuses":
            await self._hang_up()
        else:
            self._silent = True

    async def _mend(self) -> None:
        await self._hang_up()
        self._silent = False
        await self._listen()

    async def _serve(self, connection: socket.socket) -> None:
        try:
            reader, writer = await asyncio.open_connection(sock=connection)
            try:
                await self._pass_both_ways(reader, writer)
            finally:
                writer.transport.abort()
        except* (OSError, asyncio.CancelledError):
            pass  # one side hung up, or we did

    async def _pass_both_ways(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_connection(LOOPBACK, self._upstream)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, back))
                both.create_task(self._pass(there, writer))
        finally:
            back.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(_CHUNK):
            if self._silent:
                await asyncio.Event().wait()  # for the end of the outage, which cancels it
            sink.write(chunk)
            await sink.drain()
        with suppress(OSError):
            sink.write_eof()

    def _call(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)


@contextmanager
def cutting_proxies(ports: dict[str, int], *, upstream: int) -> Iterator[dict[str, CuttingProxy]]:
    """A proxy on each of ``ports``, by name, all to the same port of this machine."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxies", daemon=True)
    thread.start()
    made = {name: CuttingProxy(loop, port=p, upstream=upstream) for name, p in ports.items()}
    try:
        for proxy in made.values():
            proxy.open()
        yield made
    finally:
        for proxy in made.values():
            proxy.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE_S)
        loop.close()
