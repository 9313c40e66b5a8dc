"""A user of a stack who sends photos and knows their ids."""

import asyncio
import base64
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession, ClientTimeout

_WITHIN = ClientTimeout(total=60)


class User(AbstractAsyncContextManager["User"]):
    """Whoever has ``token``, at the gateway ``url``. A context, which holds the connections."""

    def __init__(self, url: str, token: str) -> None:
        claims = token.split(".")[1]
        padded = claims + "=" * (-len(claims) % 4)
        self.id = str(json.loads(base64.urlsafe_b64decode(padded))["sub"])
        self._http = ClientSession(
            url, headers={"Authorization": f"Bearer {token}"}, timeout=_WITHIN
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def send(self, photos: Sequence[bytes], *, at_once: int) -> list[str]:
        """Upload JPEGs, ``at_once`` in flight; the images' ids."""
        left = iter(photos)

        async def one_after_the_other() -> list[str]:
            return [await self._upload(photo) for photo in left]

        ids = await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
        return [image_id for each in ids for image_id in each]

    async def _upload(self, photo: bytes) -> str:
        kind = {"Content-Type": "image/jpeg"}
        async with self._http.post("/v1/images", data=photo, headers=kind) as answer:
            answer.raise_for_status()
            image: dict[str, Any] = await answer.json()
            return str(image["image_id"])
