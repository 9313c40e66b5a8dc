"""Uploads by HTTP as a client makes them: several at a time, or at a steady pace."""

import asyncio
import time

from aiohttp import ClientSession, ClientTimeout, FormData

_TIMEOUT = ClientTimeout(total=60)


class Uploader:
    """Posts one photo again and again to ``url``. To be closed."""

    def __init__(self, url: str, photo: bytes, *, token: str = "") -> None:
        self._photo = photo
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = ClientSession(url, headers=headers, timeout=_TIMEOUT)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def post(self) -> float:
        """Upload once; seconds until the answer. Raises ValueError for anything but a 202."""
        form = FormData()
        form.add_field("image", self._photo, filename="photo.jpg", content_type="image/jpeg")
        begun = time.perf_counter()
        async with self._http.post("/v1/images", data=form) as answer:
            text = await answer.text()
        if answer.status != 202:
            raise ValueError(f"{answer.status}: {text[:200]}")
        return time.perf_counter() - begun

    async def burst(self, count: int, *, at_once: int) -> float:
        """``count`` uploads, ``at_once`` in flight; seconds that all of them took."""
        left = iter(range(count))

        async def one_after_the_other() -> None:
            for _ in left:
                await self.post()

        begun = time.perf_counter()
        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
        return time.perf_counter() - begun

    async def paced(self, count: int, *, a_second: float) -> list[float]:
        """``count`` uploads that start at a steady pace whatever the answers do; seconds of each.

        A client that waited for answers would leave out exactly the requests that queue.
        """
        begun = asyncio.get_running_loop().time()

        async def at(moment: float) -> float:
            await asyncio.sleep(max(0.0, moment - asyncio.get_running_loop().time()))
            return await self.post()

        return await asyncio.gather(*(at(begun + each / a_second) for each in range(count)))
