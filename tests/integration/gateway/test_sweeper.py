"""The sweeper: what was left undone is done, once, however many sweepers there are."""

import asyncio
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession

from shared.contracts import ImageIngested, ImageUploaded
from shared.errors import DependencyUnavailable
from shared.leases import Claim
from shared.records import MAX_ATTEMPTS, ImageRecord, Status
from shared.usage import usage_of
from tests.integration.gateway.back_office import BackOffice, current, sweep
from tests.integration.shared.test_leases import INGESTED


async def sent(office: BackOffice, **changes: Any) -> ImageRecord:
    """A photo whose message the gateway has sent, and lost."""
    record = await office.photo(**changes)
    await office.records.mark_sent(record)
    return record


async def test_an_unsent_hop_is_sent_after_30_s_exactly_once_by_many_sweepers(
    office: BackOffice,
) -> None:
    record = await office.photo()
    await sweep(office, 29)
    assert await office.messages(office.ingest_url) == []

    await sweep(office, 2, times=5)

    [message] = await office.messages(office.ingest_url)
    assert isinstance(message, ImageUploaded)
    assert (message.image_id, message.job) == (record.image_id, record.job)
    assert (await current(office, record)).sent


async def test_an_unsent_caption_hop_is_sent_to_the_captioner(office: BackOffice) -> None:
    record = await sent(office)

    async def work(claim: Claim) -> None:
        await office.leases.finish_ingest(claim, INGESTED)

    office.clock.now += 1
    await office.deliver(record, work)

    await sweep(office, 31)

    [message] = await office.messages(office.caption_url)
    assert isinstance(message, ImageIngested)
    assert message.model_key == INGESTED.model_input.key
    assert await office.messages(office.ingest_url) == []


async def test_a_message_that_was_met_before_it_was_marked_as_sent_is_not_sent_again(
    office: BackOffice,
) -> None:
    record = await office.photo()
    office.clock.now += 1

    async def work(claim: Claim) -> None:
        raise DependencyUnavailable("s3")

    with pytest.raises(DependencyUnavailable):
        await office.deliver(record, work)

    await sweep(office, 31)

    assert await office.messages(office.ingest_url) == []
    assert (await current(office, record)).sent


async def test_a_long_queue_is_not_a_lost_message(office: BackOffice) -> None:
    record = await sent(office)
    await office.aws.sqs.send_message(QueueUrl=office.ingest_url, MessageBody="another's")

    for _ in range(20):
        await sweep(office, 900)

    answer = await office.aws.sqs.get_queue_attributes(
        QueueUrl=office.ingest_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert answer["Attributes"]["ApproximateNumberOfMessages"] == "1"
    assert (await current(office, record)).status is Status.QUEUED


async def test_a_lost_message_is_sent_again_three_times_and_then_given_up(
    office: BackOffice,
) -> None:
    record = await sent(office)
    found = []
    for minute in range(1, 6 * 60 + 2):
        if minute % 15 == 1:  # when something may be due: looks in between find nothing
            await sweep(office, 15 * 60 if minute > 1 else 1, times=2)
            messages = await office.messages(office.ingest_url)
            await office.aws.sqs.purge_queue(QueueUrl=office.ingest_url)
            found += [minute - 1] * len(messages)

    assert found == [15, 45, 105]
    failed = await current(office, record)
    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert (failed.error.code, failed.error.retryable) == ("timed_out", True)


async def test_a_worker_that_dies_on_the_last_attempt_leaves_a_failed_photo(
    office: BackOffice,
) -> None:
    record = await sent(office)
    for _ in range(MAX_ATTEMPTS):
        message = ImageUploaded(
            user_id="ana",
            image_id=record.image_id,
            job=record.job,
            epoch=0,
            upload_key=record.upload_key,
        )
        assert isinstance(await office.leases.claim(message, Status.INGESTING), Claim)
        office.clock.now += 61

    await sweep(office, 900, times=2)

    failed = await current(office, record)
    assert failed.error is not None
    assert (failed.status, failed.error.code) == (Status.FAILED, "timed_out")
    assert failed.check_at is None


async def test_a_live_lease_is_left_alone(office: BackOffice) -> None:
    record = await sent(office)
    office.clock.now += 1

    async def work(claim: Claim) -> None:
        for _ in range(20):
            await office.leases.extend(claim)
            await sweep(office, 59)
        await office.leases.finish_ingest(claim, INGESTED)

    await office.deliver(record, work)

    assert (await current(office, record)).status is Status.CAPTIONING
    assert await office.messages(office.ingest_url) == []


async def test_a_photo_that_can_t_be_seen_to_keeps_no_other_waiting(office: BackOffice) -> None:
    record = await office.photo()
    broken = await office.photo()
    await office.aws.dynamodb.update_item(
        TableName=office.table,
        Key={"PK": {"S": "USER#ana"}, "SK": {"S": f"IMAGE#{broken.image_id}"}},
        UpdateExpression="REMOVE job",
    )

    await sweep(office, 31)

    assert [m.image_id for m in await office.messages(office.ingest_url)] == [record.image_id]


async def test_more_unsent_hops_than_a_page_are_all_sent_once(office: BackOffice) -> None:
    for _ in range(60):
        await office.records.create(office.new_record())

    await sweep(office, 31, times=2)
    await sweep(office, 1)

    ids = [message.image_id for message in await office.messages(office.ingest_url)]
    assert len(ids) == len(set(ids)) == 60


async def test_the_process_says_that_it_is_ready_sends_counts_and_stops_when_told(
    office: BackOffice, ministack: str
) -> None:
    office.clock.now = time.time() - 7 * 3600
    overdue = office.new_record()
    await office.records.create(overdue)
    office.clock.now = time.time() - 40
    record = office.new_record()
    await office.records.create(record)
    environment = {
        "AWS_ENDPOINT_URL": ministack,
        "GATEWAY_IMAGES_BUCKET": office.bucket,
        "GATEWAY_RECORDS_TABLE": office.table,
        "GATEWAY_INGEST_QUEUE_URL": office.ingest_url,
        "GATEWAY_CAPTION_QUEUE_URL": office.caption_url,
        "GATEWAY_USER_HASH_KEY": "h" * 32,
        "GATEWAY_SWEEPER_INTERVAL_S": "0.1",
        "GATEWAY_SWEEPER_HEALTH_PORT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.gateway.sweeper",
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(20):
            assert process.stdout is not None
            said = json.loads(await process.stdout.readline())
            async with ClientSession() as http:
                url = f"http://127.0.0.1:{said['health_port']}/readyz"
                async with http.get(url) as ready:
                    assert ready.status == 200
            messages: list[Any] = []
            while not messages or not (await current(office, overdue)).status.is_terminal:
                messages += await office.messages(office.ingest_url)
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    today = await usage_of(office.items, datetime.now(UTC).date())
    assert (today.counts, today.failures) == ({"failed": 1}, {"timed_out": 1})
    assert [message.image_id for message in messages] == [record.image_id]
