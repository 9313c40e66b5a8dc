"""Files that go through this server to the browser, a piece at a time.

A browser that follows a link has no token for the gateway. The page opens the file and gives the
browser a ticket instead: a random name, good once and for a short while. Tickets are in the memory
of one process. With several of them the load balancer has to send a browser to the one that drew
its page, as Streamlit's own uploads and web socket need anyway (ALB: stickiness by cookie); a
ticket that comes to another one reads as used up.
"""

import functools
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from clients.problems import Unreachable
from services.ui.tickets import File, Tickets

_LOG = logging.getLogger(__name__)

# An open answer holds a connection and a place at the gateway, a finished file only some disk.
_OPEN_FOR = 60.0  # seconds
_STORED_FOR = 180.0  # seconds
_CHUNK = 64 * 1024  # bytes
_NAME_MAX = 120  # characters
# Apart from Streamlit's own threads: a slow gateway must not hold up the page's scripts and styles.
_READERS = 16

_GONE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Download</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 34rem; margin: 12vh auto; padding: 0 1rem }</style></head>
<body><h1>This download is no longer here</h1>
<p>Each download works once and for a short time. Go back to your photos and choose it again.</p>
<p><a href="/">Back to your photos</a></p></body></html>
"""
_PRIVATE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True)
class Stored:
    """A file of ours, such as ``tempfile.TemporaryFile()``: closing it has to remove it."""

    file: BinaryIO
    name: str
    content_type: str

    @property
    def size(self) -> int:
        """Bytes."""
        return self.file.seek(0, 2)

    def pieces(self) -> Iterator[bytes]:
        """All of it, from its beginning."""
        self.file.seek(0)
        while piece := self.file.read(_CHUNK):
            yield piece

    def close(self) -> None:
        """Remove it."""
        self.file.close()


@functools.cache
def tickets() -> Tickets:
    """Those of this process: the page's runs hand them out, the route takes them."""
    return Tickets()


def ticket(file: File) -> str:
    """The address under which this browser gets ``file`` once; see ``components/saving.py``.

    ``file`` is an open ``clients.transfers.Transfer`` or ``Stored``. It is closed after use, or a
    little later if nobody comes for it.
    """
    lifetime = _STORED_FOR if isinstance(file, Stored) else _OPEN_FOR
    return f"/files/{tickets().issue(file, lifetime=lifetime)}"


def attachment(name: str) -> str:
    """A ``Content-Disposition`` for any name (RFC 6266, with RFC 8187 beyond plain letters)."""
    kept = "".join(letter for letter in name if letter.isprintable() and letter not in "/\\")
    kept = kept.strip(" .")[:_NAME_MAX] or "download"
    plain = "".join(letter if letter.isascii() and letter not in '"%' else "_" for letter in kept)
    header = f'attachment; filename="{plain}"'
    return header if plain == kept else f"{header}; filename*=UTF-8''{quote(kept, safe='')}"


class Desk:
    """The ASGI application that takes tickets."""

    def __init__(self) -> None:
        self._readers = CapacityLimiter(_READERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, and close it however that ends: read, broken off, or nobody there."""
        request = Request(scope)
        if request.method != "GET":
            # A look at the headers must not use the ticket up.
            await Response(status_code=405, headers={"Allow": "GET"})(scope, receive, send)
            return
        file = tickets().redeem(request.path_params["ticket"])
        if file is None:
            await HTMLResponse(_GONE, status_code=404, headers=_PRIVATE)(scope, receive, send)
            return
        try:
            await self._answer(file)(scope, receive, send)
        except Unreachable as error:
            # To return without an end breaks the connection: a short file must not look whole.
            _LOG.warning("download_broken_off", extra={"error": str(error)})
        finally:
            file.close()

    def _answer(self, file: File) -> StreamingResponse:
        headers = {**_PRIVATE, "Content-Disposition": attachment(file.name)}
        size = file.size
        if size is not None:
            headers["Content-Length"] = str(size)
        return StreamingResponse(self._read(file), headers=headers, media_type=file.content_type)

    async def _read(self, file: File) -> AsyncIterator[bytes]:
        pieces = file.pieces()
        while True:
            piece = await to_thread.run_sync(next, pieces, None, limiter=self._readers)
            if piece is None:
                return
            yield piece


ROUTES: list[BaseRoute] = [Route("/files/{ticket}", Desk())]
