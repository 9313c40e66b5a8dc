"""What a refused upload leaves if DynamoDB goes away before it can be taken back."""

import asyncio
import time
from urllib.parse import urlsplit

import pytest

from tests.cutting_proxy import cutting_proxies
from tests.deadlines import until
from tests.integration.gateway.conftest import Serve
from tests.integration.gateway.test_refusals import submit
from tests.integration.gateway.test_submission import JPEG
from tests.integration.local_stack_driver import free_port_base

AWAY_S = 8.0  # the tries of one call are over in six


@pytest.mark.timeout(120)
async def test_what_could_not_be_sent_is_taken_back_once_dynamodb_is_there_again(
    serve: Serve, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = urlsplit(aws).port
    assert upstream is not None
    with cutting_proxies({"dynamodb": free_port_base()}, upstream=upstream) as proxies:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", proxies["dynamodb"].url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
        gateway = await serve()

        async def stored() -> bool:
            return bool((await gateway.records.page(gateway.user, limit=10)).records)

        async def gone() -> bool:
            return not await stored() and not await gateway.objects()

        submitting = asyncio.create_task(submit(gateway, JPEG))
        await until(stored, within=30)
        with proxies["dynamodb"].cut("refuses"):
            mended_at = time.monotonic() + AWAY_S
            status, body = await submitting
            left = await stored()
            await until(lambda: time.monotonic() > mended_at, within=30)

        assert (status, body["code"]) == (503, "dependency_unavailable")
        assert left
        await until(gone, within=30)
