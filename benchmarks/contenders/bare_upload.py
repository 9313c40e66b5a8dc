"""The least an aiohttp server can do with an upload: read the form's parts, drop the bytes.

Prints the port it listens on.
"""

import asyncio

from aiohttp import BodyPartReader, web

from benchmarks.contenders.announced import serve

_CHUNK = 64 * 1024


async def drop(request: web.Request) -> web.Response:
    """Read every part to its end and keep nothing."""
    form = await request.multipart()
    while (part := await form.next()) is not None:
        if isinstance(part, BodyPartReader):
            while await part.read_chunk(_CHUNK):
                pass
    return web.json_response({"status": "queued"}, status=202)


def application() -> web.Application:
    """The one handler."""
    app = web.Application()
    app.router.add_post("/v1/images", drop)
    return app


if __name__ == "__main__":
    asyncio.run(serve(application()))
