"""A halting connection between the page and its server: what a busy machine does to it, on purpose.

Each direction stands still for a random while, then passes on all that has gathered, in its order.
So a page is seen half drawn at other places in every run, and a test that takes what happens to be
there for what is there fails. A mend for such a test is to wait for what it claims.
"""

import asyncio
import random
import re
from collections.abc import Callable

from playwright.async_api import BrowserContext, WebSocketRoute

_PAGES = re.compile("/_stcore/stream")
Message = str | bytes


async def halting(context: BrowserContext, longest_s: float, *, shortest_s: float = 0.0) -> None:
    """Let the pages in ``context`` hear and be heard after ``shortest_s`` to ``longest_s``."""
    passing: set[asyncio.Task[None]] = set()

    def connect(page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        for one, other in ((page, server), (server, page)):
            gathered: asyncio.Queue[Message] = asyncio.Queue()
            one.on_message(gathered.put_nowait)
            passing.add(asyncio.create_task(_pass_on(gathered, other.send, shortest_s, longest_s)))

    def close(_: BrowserContext) -> None:
        for task in passing:
            task.cancel()

    context.on("close", close)
    await context.route_web_socket(_PAGES, connect)


async def _pass_on(
    gathered: asyncio.Queue[Message],
    send: Callable[[Message], None],
    shortest_s: float,
    longest_s: float,
) -> None:
    while True:
        first = await gathered.get()
        await asyncio.sleep(random.uniform(shortest_s, longest_s))  # noqa: S311  no secret
        send(first)
        while not gathered.empty():
            send(gathered.get_nowait())
