"""The command that deletes everything of a user for an operator."""

import asyncio
import json
import os
import sys

from shared.control_items import ControlItems
from tests.integration.gateway.back_office import BackOffice


async def test_everything_of_the_user_goes_and_the_receipt_is_printed(office: BackOffice) -> None:
    await office.photo()
    await office.photo("bob")
    environment = {
        "AWS_ENDPOINT_URL": office.aws.endpoint,
        "GATEWAY_IMAGES_BUCKET": office.bucket,
        "GATEWAY_RECORDS_TABLE": office.table,
        "GATEWAY_INGEST_QUEUE_URL": office.ingest_url,
        "GATEWAY_CAPTION_QUEUE_URL": office.caption_url,
        "GATEWAY_USER_HASH_KEY": "h" * 32,
    }

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.gateway.forget",
        "ana",
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()

    assert process.returncode == 0
    receipt = json.loads(printed)
    assert receipt["status"] == "completed"
    assert receipt["deleted"] == {"records": 1, "objects": 4, "object_versions": 5}
    assert await office.partition() == []
    assert await office.versions() == []
    assert len(await office.versions("bob")) == 5
    control = ControlItems(office.items, b"h" * 32)
    assert await control.epoch("ana") == 1
