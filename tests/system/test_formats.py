"""Real worker code on files that were collected because they break decoders, and on a bomb."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from subprocess import PIPE, CalledProcessError, TimeoutExpired

import pytest
from PIL import Image

from services.gateway.identifiers import ImageIds
from services.ingest.__main__ import EXIT_OVERRUN
from services.ingest.settings import Settings
from shared.hops import message_of
from shared.object_store import upload_key
from shared.publisher import Publisher
from shared.records import ImageRecord, Status
from shared.working import Tools, worker_tools
from tests import photos
from tests.deadlines import until
from tests.integration.gateway.conftest import Aws, provision
from tests.system.formats_report import (
    COMPLETED,
    GOOD_EVERY,
    ROOT,
    Outcome,
    documented,
    fetch,
    table,
)
from tests.system.uploading import MEBIBYTE, most_resident, resident

pytestmark = pytest.mark.system
NOW = "2026-11-22T12:00:00.000Z"
USER = "ana"
_ids = ImageIds()


@pytest.fixture(scope="module")
def sources() -> None:
    """The test pictures, in the cache."""
    try:
        fetch()
    except (CalledProcessError, TimeoutExpired, OSError) as error:
        pytest.skip(f"the source packages can't be had: {type(error).__name__}")


@pytest.mark.timeout(900)
async def test_every_test_picture_of_pillow_and_pillow_heif_ends_as_it_should(
    sources: None,
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.system.formats_report", cwd=ROOT, stdout=PIPE, limit=2**24
    )

    printed, _ = await process.communicate()

    # It lives: no file took the decoders' process with it, none held a thread for too long.
    assert process.returncode == 0
    made = json.loads(printed)
    outcomes = [Outcome(**outcome) for outcome in made["outcomes"]]
    assert len(outcomes) >= 400
    assert {o.result for o in outcomes if not o.accepted} == {"unsupported_media_type"}
    codes = {COMPLETED, "undecodable_image", "image_too_many_pixels"}
    assert {o.result for o in outcomes if o.accepted} == codes
    counts = Counter(o.result for o in outcomes if o.accepted)
    assert counts[COMPLETED] > 0.95 * counts.total()
    assert len(made["good"]) == len(outcomes) // GOOD_EVERY
    assert max(made["good"]) < 2.0
    # Rewritten by `python -m tests.system.formats_report --write`.
    assert documented() == table(outcomes)


class Ingest:
    """A worker process, and what a test needs to give it work."""

    def __init__(self, process: asyncio.subprocess.Process, tools: Tools, queue: Publisher) -> None:
        self.process = process
        self.pid = process.pid
        self._tools = tools
        self._queue = queue

    async def ingested(self, data: bytes) -> ImageRecord:
        """The record of ``data`` once ingest is done with it."""
        image_id = _ids.new()
        key = upload_key(USER, image_id)
        await self._tools.objects.put(key, data, content_type="application/octet-stream")
        record = ImageRecord(
            user_id=USER,
            image_id=image_id,
            status=Status.QUEUED,
            job=image_id,
            ttl=4_000_000_000,
            timestamp=NOW,
            updated_at=NOW,
            hop_started_at=NOW,
            upload_key=key,
        )
        await self._tools.records.create(record)
        message = message_of(record)
        assert message is not None
        await self._queue.publish(message)
        await until(lambda: self._left_ingest(image_id), within=30)
        after = await self._tools.records.get(USER, image_id)
        assert after is not None
        return after

    async def lost_upload_of(self, record: ImageRecord) -> bool:
        """Whether the bytes as they came are gone."""
        return await self._tools.objects.newest(record.upload_key) is None

    async def _left_ingest(self, image_id: str) -> bool:
        record = await self._tools.records.get(USER, image_id)
        return record is not None and record.status in {Status.CAPTIONING, Status.FAILED}


@asynccontextmanager
async def ingesting(aws: Aws, **changes: str) -> AsyncIterator[Ingest]:
    """``python -m services.ingest`` on the emulator, ready, with ``changes`` to its settings."""
    resources = await provision(aws)
    settings = {
        "images_bucket": resources["images_bucket"],
        "records_table": resources["records_table"],
        "queue_url": resources["ingest_queue_url"],
        "dlq_url": "unused",
        "caption_queue_url": resources["caption_queue_url"],
        "user_hash_key": "h" * 32,
        "poll_wait_s": "1",
    } | changes
    variables = {f"INGEST_{name.upper()}": value for name, value in settings.items()}
    async with (
        worker_tools(Settings.model_validate(settings), service="test") as tools,
        Publisher(tools.sqs, settings["queue_url"]) as queue,
        running({**os.environ, **variables}) as process,
    ):
        yield Ingest(process, tools, queue)


@asynccontextmanager
async def running(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker that has said it is ready; stopped at the end, if it hasn't ended by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.ingest", cwd=ROOT, env=environment, stdout=PIPE
    )
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    assert ready["event"] == "ready", ready
    reading = asyncio.create_task(process.stdout.read())
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await reading


@pytest.mark.timeout(120)
async def test_bomb_peaks_under_a_hundred_megabytes_above_idle_and_leaves_nothing(
    emulated: Aws,
) -> None:
    bomb = photos.png_bomb(30_000, 30_000)
    async with ingesting(emulated) as ingest:
        await ingest.ingested(photos.encoded(photos.corners(), "PNG"))
        idle = resident(ingest.pid)

        record = await ingest.ingested(bomb)

        assert len(bomb) < 200_000
        assert failure_of(record) == ("image_too_many_pixels", False)
        assert most_resident(ingest.pid) - idle < 100 * MEBIBYTE
        await until(lambda: ingest.lost_upload_of(record))
        assert (await ingest.ingested(photos.real_photo())).status is Status.CAPTIONING
        ingest.process.terminate()
        assert await ingest.process.wait() == 0


@pytest.mark.timeout(120)
async def test_overrun_thread_fails_its_photo_and_ends_the_worker(emulated: Aws) -> None:
    slow = photos.encoded(Image.new("RGB", (6000, 3900), "teal"), "PNG")
    async with ingesting(emulated, decode_timeout_s="0.1") as ingest:
        record = await ingest.ingested(slow)

        assert failure_of(record) == ("undecodable_image", False)
        assert await ingest.process.wait() == EXIT_OVERRUN
        assert await ingest.lost_upload_of(record)


def failure_of(record: ImageRecord) -> tuple[str, bool]:
    """The code and whether a retry is offered."""
    assert record.status is Status.FAILED
    assert record.error is not None
    return record.error.code, record.error.retryable
