"""The gateway's memory while more is uploaded than it has room for.

Smaller than what the default settings are for: 100 clients of 20 users that upload 10 MB each at
1 MB/s, against 384 MiB of which the default budget leaves ``HEADROOM`` to everything else.
"""

import os

import pytest

from tests.deadlines import until
from tests.integration.gateway.conftest import Aws, provision, settings_of
from tests.integration.gateway.issuer import Issuer
from tests.integration.gateway.processes import gateway_process
from tests.system.uploading import MEBIBYTE, most_resident, resident, upload_all

PHOTO = b"\xff\xd8\xff\xe0" + os.urandom(5_000_000 - 4)
BUDGET = 48 * MEBIBYTE
HEADROOM = 40 * MEBIBYTE


@pytest.mark.system
@pytest.mark.timeout(120)
async def test_uploads_never_hold_more_than_their_budget_and_all_get_in(
    emulated: Aws, issuer: Issuer
) -> None:
    settings = settings_of(
        await provision(emulated), issuer, port=0, upload_budget_bytes=BUDGET, quota_limit=1000
    )
    tokens = [issuer.token(user=f"user-{number % 6}") for number in range(30)]
    async with gateway_process(settings, emulated.endpoint) as gateway:
        url = f"{gateway.url}/v1/images"
        await upload_all(url, tokens[:1], PHOTO[:1000], rate=MEBIBYTE)
        idle = resident(gateway.pid)

        outcome = await upload_all(url, tokens, PHOTO, rate=4_000_000)

        assert outcome.statuses[202] == len(tokens)
        assert outcome.statuses[503] > 0
        assert set(outcome.statuses) <= {202, 429, 503}
        assert outcome.without_retry_after == 0
        assert most_resident(gateway.pid) - idle < BUDGET + HEADROOM
        await until(lambda: resident(gateway.pid) - idle < HEADROOM)
