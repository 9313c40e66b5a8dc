"""JSON documents of the sign-in provider: read to their end, never past a limit."""

import json
from typing import Any

from aiohttp import ClientSession

_LIMIT = 64 * 1024  # bytes; Cognito's key set has under 1 KiB, its discovery document 1.5


async def fetch_object(http: ClientSession, url: str) -> dict[str, Any]:
    """The JSON object at ``url``.

    Raises ``ClientError`` and ``TimeoutError`` of ``http``, and ``ValueError`` for anything else
    than an object of at most 64 KiB.
    """
    body = bytearray()
    async with http.get(url, allow_redirects=False) as response:
        response.raise_for_status()
        # Not `read(n)`, which gives what has arrived: a document may come in several pieces.
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > _LIMIT:
                raise ValueError("too long")
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004  what arrived is bad, not our call
    return document
