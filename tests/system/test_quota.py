"""Several gateways, one quota."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, TCPConnector

from tests.integration.gateway.conftest import Aws, provision, settings_of
from tests.integration.gateway.issuer import Issuer
from tests.integration.gateway.processes import gateway_process
from tests.integration.gateway.test_submission import JPEG

LIMIT = 60
UPLOADS = 200
UNIT_S = 10


@pytest.mark.system
@pytest.mark.timeout(120)
async def test_two_gateways_accept_exactly_the_quota_of_200_uploads_at_once(
    emulated: Aws, issuer: Issuer
) -> None:
    settings = settings_of(
        await provision(emulated),
        issuer,
        port=0,
        quota_limit=LIMIT,
        quota_window_s=LIMIT * UNIT_S,
    )
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    async with AsyncExitStack() as stack:
        gateways = [
            await stack.enter_async_context(gateway_process(settings, emulated.endpoint))
            for _ in range(2)
        ]
        http = await stack.enter_async_context(ClientSession(connector=TCPConnector(limit=0)))

        async def upload(number: int) -> tuple[int, dict[str, str]]:
            url = gateways[number % 2].url + "/v1/images"
            async with http.post(url, data=JPEG, headers=headers) as response:
                return response.status, dict(response.headers)

        began = time.monotonic()
        answers = await asyncio.gather(*map(upload, range(UPLOADS)))
        back = int((time.monotonic() - began) // UNIT_S)  # units, on a slow machine
        refusals = [answer for status, answer in answers if status == 429]
        waits = [int(answer["Retry-After"]) for answer in refusals]

        accepted = sum(status == 202 for status, _ in answers)
        assert LIMIT <= accepted <= LIMIT + back
        assert len(refusals) == UPLOADS - accepted
        assert all(1 <= wait <= UNIT_S for wait in waits)
        assert all(answer["RateLimit"].startswith('"captions";r=0;') for answer in refusals)

        _, refused = await upload(0)
        # A quota's time has to lapse: there is no condition to wait for that would not spend it.
        await asyncio.sleep(int(refused["Retry-After"]))
        assert [(await upload(number))[0] for number in range(2)] == [202, 429]
