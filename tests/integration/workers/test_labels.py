"""Labels by Rekognition: what it sees is kept, and whatever it does, the photo goes on in time."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import aioboto3
import pytest
from PIL import Image

from services.gateway.identifiers import ImageIds
from services.ingest.__main__ import serve
from services.ingest.labels import LabelOptions, Rekognition, rekognition_config
from services.ingest.settings import Settings
from shared.contracts import CaptionOptions
from shared.publisher import Publisher
from shared.records import ImageRecord, Status
from shared.working import worker_tools
from tests.deadlines import until
from tests.integration.gateway.conftest import clients, provision
from tests.integration.shared.conftest import Clock
from tests.integration.workers.captioner import FakeProvider, made
from tests.integration.workers.ingest import USER, Ingest, ingesting, settings_for
from tests.photos import real_photo
from tests.standins.running import Standin, running_standins

LIMIT = 1.0  # seconds
SLACK = 2.0  # for a machine that does other things too
_ids = ImageIds()


@pytest.fixture(scope="session")
async def plain_ingest(aws: str) -> AsyncIterator[Ingest]:
    async with ingesting(aws) as it:
        yield it


@pytest.fixture(scope="session")
async def one_standin() -> AsyncIterator[Standin]:
    async with running_standins() as it:
        yield it


@pytest.fixture
async def standin(one_standin: Standin) -> Standin:
    await one_standin.reset()
    return one_standin


@pytest.fixture(scope="session")
async def rekognition(aws: str, one_standin: Standin) -> AsyncIterator[Any]:
    config = rekognition_config(connections=4, limit=LIMIT)
    with pytest.MonkeyPatch.context() as env:
        env.setenv("AWS_ENDPOINT_URL_REKOGNITION", one_standin.url)
        async with aioboto3.Session().client("rekognition", config=config) as client:
            yield client


@pytest.fixture
def ingest(plain_ingest: Ingest, rekognition: Any, standin: Standin) -> Ingest:
    return plain_ingest.with_rekognition(Rekognition(rekognition, LabelOptions(limit=LIMIT)))


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Ingest]:
    """The worker's own entry point at work, and somebody who uploads to it."""
    stop = asyncio.Event()
    with ThreadPoolExecutor(1) as executor:
        async with (
            worker_tools(settings, service="ingest") as tools,
            Publisher(tools.sqs, settings.queue_url) as publisher,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(serve(settings, stop))
            try:
                yield Ingest(tools, publisher, executor)
            finally:
                stop.set()


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "PNG")
    return buffer.getvalue()


async def ingested(ingest: Ingest, data: bytes = b"", **changes: Any) -> ImageRecord:
    image_id = _ids.new()
    await ingest.upload(image_id, data or real_photo())
    return await ingest.ingested(image_id, **changes)


async def sent_on(ingest: Ingest, record: ImageRecord) -> dict[str, Any]:
    """The message to the captioner."""
    while True:
        taken = await ingest.tools.sqs.receive_message(
            QueueUrl=ingest.caption_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        for message in taken["Messages"]:
            body: dict[str, Any] = json.loads(message["Body"])
            if body["image_id"] == record.image_id:
                return body


async def test_labels_are_kept_and_go_on_to_the_captioner(ingest: Ingest, standin: Standin) -> None:
    record = await ingested(ingest)

    assert record.status is Status.CAPTIONING
    assert record.labels is not None
    assert record.labels[:2] == ("Stand-in", "Landscape")
    assert record.label_details is not None
    first = record.label_details[0]
    assert (first.name, first.confidence, first.source) == ("Stand-in", 0.99, "rekognition")
    assert (await sent_on(ingest, record))["labels"] == list(record.labels)
    [asked] = await standin.requests("rekognition")
    assert asked["operation"] == "DetectLabels"
    assert (asked["body"]["MaxLabels"], asked["body"]["MinConfidence"]) == (15, 70.0)


async def test_the_time_that_labels_took_is_on_the_timeline(ingest: Ingest) -> None:
    record = await ingested(ingest)

    stages = {entry.stage: entry for entry in record.timeline}
    assert list(stages) == ["queued", "ingest", "labels"]
    assert stages["ingest"].started_at <= stages["labels"].started_at
    assert 0 < stages["labels"].duration_ms <= stages["ingest"].duration_ms


async def test_the_worker_as_it_is_started_labels_if_it_is_set_to(
    aws: str, one_standin: Standin, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", one_standin.url)
    async with clients(aws) as made_clients:
        resources = await provision(made_clients)
    settings = settings_for(resources, labels="rekognition", labels_max=2, poll_wait_s=0)
    async with started(settings) as ingest:
        image_id = _ids.new()
        await ingest.upload(image_id, real_photo())

        await ingest.publisher.publish(await ingest.queued(image_id))

        async def labels() -> tuple[str, ...] | None:
            record = await ingest.tools.records.get(USER, image_id)
            return None if record is None else record.labels

        await until(labels, within=30)
        assert await labels() == ("Stand-in", "Landscape")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"mode": "throttle"}, id="throttled twice"),
        pytest.param(
            {"mode": "throttle", "code": "ProvisionedThroughputExceededException"}, id="overloaded"
        ),
        pytest.param({"mode": "error"}, id="their error"),
        pytest.param({"mode": "error", "code": "AccessDeniedException"}, id="no permission"),
        pytest.param({"mode": "timeout"}, id="no answer"),
        pytest.param({"mode": "slow", "delay_ms": 8_000}, id="an answer that drips"),
        pytest.param({"mode": "bad_json"}, id="half an answer"),
        pytest.param({"mode": "refusal"}, id="a picture it refuses"),
        pytest.param({"mode": "retired"}, id="not there any more"),
        pytest.param({"mode": "disconnect"}, id="the line cut"),
    ],
)
async def test_whatever_rekognition_does_the_photo_goes_on_in_time(
    ingest: Ingest, standin: Standin, fault: dict[str, Any]
) -> None:
    await standin.fault(rekognition=fault)

    record = await ingested(ingest)

    assert (record.status, record.attempts_made) == (Status.CAPTIONING, 0)
    assert (record.labels, record.label_details) == (None, None)
    assert (await sent_on(ingest, record))["labels"] == []
    [waited] = [entry.duration_ms for entry in record.timeline if entry.stage == "labels"]
    assert waited < (LIMIT + SLACK) * 1000


async def test_without_an_answer_the_captioner_s_own_labels_stand_in(
    ingest: Ingest, standin: Standin
) -> None:
    await standin.fault(rekognition={"mode": "error"})
    captioner = made(ingest.tools, FakeProvider(), user=USER)

    record = await captioner.handle(await ingested(ingest))

    assert record.status is Status.COMPLETED
    assert record.label_details is not None
    assert [(label.name, label.source) for label in record.label_details] == [("Cat", "local")]


async def test_an_answer_that_names_nothing_is_an_answer(ingest: Ingest, standin: Standin) -> None:
    await standin.fault(rekognition={"mode": "none", "text": ""})
    captioner = made(ingest.tools, FakeProvider(), user=USER)

    record = await captioner.handle(await ingested(ingest))

    assert (record.labels, record.label_details) == ((), ())


async def test_a_throttled_call_is_made_once_more(ingest: Ingest, standin: Standin) -> None:
    await ingested(ingest)
    await standin.fault(rekognition={"mode": "throttle", "rate": 0.5})

    passed, throttled_first = await ingested(ingest), await ingested(ingest)

    assert passed.labels is not None
    assert throttled_first.labels is not None
    assert (await standin.calls())["rekognition"] == {"ok": 3, "throttle": 1}


async def test_nothing_else_is_tried_again(ingest: Ingest, standin: Standin) -> None:
    await standin.fault(rekognition={"mode": "error"})

    await ingested(ingest)

    assert (await standin.calls())["rekognition"] == {"error": 1}


async def test_who_wants_no_labels_is_not_shown_to_rekognition(
    ingest: Ingest, standin: Standin
) -> None:
    record = await ingested(ingest, options=CaptionOptions(labels=False))

    assert record.labels is None
    assert (await standin.calls())["rekognition"] == {}
    assert [entry.stage for entry in record.timeline] == ["queued", "ingest"]


@pytest.mark.parametrize("size", [(79, 300), (300, 79)])
async def test_what_is_too_small_for_rekognition_is_not_sent(
    ingest: Ingest, standin: Standin, size: tuple[int, int]
) -> None:
    record = await ingested(ingest, png(*size))

    assert (record.status, record.labels) == (Status.CAPTIONING, None)
    assert (await standin.calls())["rekognition"] == {}


async def test_the_smallest_that_rekognition_takes_is_sent(ingest: Ingest) -> None:
    record = await ingested(ingest, png(80, 80))

    assert record.labels is not None


async def test_moderation_is_kept_apart_for_operators(
    plain_ingest: Ingest, rekognition: Any, standin: Standin
) -> None:
    options = LabelOptions(limit=LIMIT, moderation=True)
    ingest = plain_ingest.with_rekognition(Rekognition(rekognition, options))

    harmless = await ingested(ingest)
    await standin.fault(rekognition={"mode": "none", "text": "Violence\nWeapons"})
    other = await ingested(ingest)

    assert harmless.moderation == ()
    assert "Stand-in" in (harmless.labels or ())
    assert other.moderation == ("Violence", "Weapons")
    asked = [each["operation"] for each in await standin.requests("rekognition")]
    assert sorted(asked) == ["DetectLabels"] * 2 + ["DetectModerationLabels"] * 2


async def test_what_keeps_failing_is_left_alone_for_a_while(
    plain_ingest: Ingest, rekognition: Any, standin: Standin
) -> None:
    clock = Clock()
    options = LabelOptions(limit=LIMIT, pause_after=2, pause=30)
    ingest = plain_ingest.with_rekognition(Rekognition(rekognition, options, clock=clock))
    await standin.fault(rekognition={"mode": "error"})

    await ingested(ingest)
    await ingested(ingest)
    skipped = await ingested(ingest)
    during = await standin.calls()
    await standin.fault(rekognition={"mode": "none"})
    clock.now += 30
    after = await ingested(ingest)

    assert during["rekognition"] == {"error": 2}
    assert (skipped.status, skipped.labels) == (Status.CAPTIONING, None)
    assert [entry.stage for entry in skipped.timeline] == ["queued", "ingest"]
    assert after.labels is not None
