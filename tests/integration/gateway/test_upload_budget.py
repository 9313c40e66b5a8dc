"""Uploads of one user at the same time: small ones take turns, large ones are refused at once."""

import asyncio
import time

from aiohttp import ClientSession

from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_submission import JPEG

LARGE = 2 * 1024 * 1024


async def status_of(gateway: Gateway, http: ClientSession) -> int:
    async with http.post(f"{gateway.url}/v1/images", data=JPEG, headers=gateway.auth()) as response:
        return response.status


async def test_many_small_photos_at_once_all_get_in(gateway: Gateway) -> None:
    async with ClientSession() as http:
        statuses = await asyncio.gather(*(status_of(gateway, http) for _ in range(30)))

    assert statuses == [202] * 30


async def test_large_photo_waits_for_no_seat(gateway: Gateway) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    held = [await asyncio.open_connection(host, int(port)) for _ in range(7)]
    began = time.monotonic()
    lines = []
    for reader, writer in held:
        head = (
            "POST /v1/images HTTP/1.1\r\nHost: gateway.test\r\nExpect: 100-continue\r\n"
            f"Authorization: Bearer {gateway.token()}\r\nContent-Length: {LARGE}\r\n\r\n"
        )
        writer.write(head.encode())
        lines.append(await reader.readline())

    assert [line.split()[1] for line in lines] == [b"100"] * 6 + [b"429"]
    assert time.monotonic() - began < gateway.settings.upload_wait_s / 2
    for _, writer in held:
        writer.close()
