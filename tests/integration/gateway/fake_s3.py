"""Objects over HTTP, as an S3 client reads them, and the ways in which that goes wrong."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web

GONE = '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'
CHUNK = 64 * 1024


@dataclass
class FakeS3:
    """Every key holds ``content``.

    A key that ends in ``-gone`` is not there; of ``-cut`` each answer ends after a tenth of what
    was asked for, and of ``-cut-always`` too, but at once. While ``gate`` is closed, answers stop
    half-way.
    """

    content: bytes
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    reading: Counter[str] = field(default_factory=Counter)
    served: int = 0  # bytes

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{bucket}/{key:.*}", self._get)
        return app

    async def _get(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        if key.endswith("-gone"):
            return web.Response(text=GONE, status=404, content_type="application/xml")
        start = request.http_range.start or 0
        rest = memoryview(self.content)[start:]
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": '"e"'})
        response.content_length = len(rest)
        await response.prepare(request)
        keep = len(rest)
        if key.endswith("-cut"):
            # The last bit comes whole, or this would never end.
            keep = len(rest) // 2 if len(rest) > len(self.content) // 5 else len(rest)
        if key.endswith("-cut-always"):
            keep = len(rest) // 10
        self.reading[key] += 1
        try:
            for at in range(0, keep, CHUNK):
                if at >= keep // 2:
                    await self.gate.wait()
                chunk = rest[at : min(at + CHUNK, keep)]
                self.served += len(chunk)
                await response.write(chunk)
        finally:
            self.reading[key] -= 1
        if keep < len(rest) and request.transport is not None:
            request.transport.close()
        return response
