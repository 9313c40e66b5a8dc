"""``GET /v1/batches/{batch}``: how far the caller's photos of one name have come.

A batch is nothing but a name on images, so one that nobody used is there, with zeros.
"""

import re

from aiohttp import web

from services.gateway.auth import IDENTITY
from services.gateway.keys import BATCHES
from services.gateway.problems import malformed

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


async def get_batch(request: web.Request) -> web.Response:
    """The counts of a batch. Raises ``Problem`` 400 for what can't be the name of one."""
    name = request.match_info["batch"]
    if not _NAME.fullmatch(name):
        raise malformed("batch", "not 1 to 64 characters of [A-Za-z0-9_.-]")
    view = await request.app[BATCHES].view(request[IDENTITY].user_id, name)
    return web.Response(text=view.model_dump_json(), content_type="application/json")
