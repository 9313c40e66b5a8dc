"""The least an aiohttp server can do with an upload: read the form's parts, drop the bytes.

Prints the port it listens on.
"""

import asyncio

from aiohttp import BodyPartReader, web

_CHUNK = 64 * 1024


async def drop(request: web.Request) -> web.Response:
    """Read every part to its end and keep nothing."""
    form = await request.multipart()
    while (part := await form.next()) is not None:
        if isinstance(part, BodyPartReader):
            while await part.read_chunk(_CHUNK):
                pass
    return web.json_response({"status": "queued"}, status=202)


async def serve() -> None:
    """Serve until the process is ended."""
    app = web.Application()
    app.router.add_post("/v1/images", drop)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
