"""Three collectors of telemetry: one answers, one takes five seconds to, one never does.

Prints their ports as JSON. None reads what it is sent beyond throwing it away.
"""

import asyncio
import json

from aiohttp import web

_SLOW_S = 5.0  # half of the exporters' patience
_MOST_BYTES = 64 * 1024 * 1024


def _collector(delay: float) -> web.Application:
    async def take(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(delay)
        return web.Response(content_type="application/x-protobuf")

    app = web.Application(client_max_size=_MOST_BYTES)
    app.router.add_post("/v1/{signal}", take)
    return app


async def _ignore(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(64 * 1024):
        pass


async def serve() -> None:
    """Serve until the process is ended."""
    ports = {}
    for name, delay in (("answering", 0.0), ("slow", _SLOW_S)):
        runner = web.AppRunner(_collector(delay), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports[name] = runner.addresses[0][1]
    silent = await asyncio.start_server(_ignore, "127.0.0.1", 0)
    ports["silent"] = silent.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await silent.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
