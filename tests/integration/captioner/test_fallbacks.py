"""A captioner on the stand-ins: whatever goes wrong with a provider, the photo is captioned."""

import io
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from services.captioner.chaining import open_chain
from services.captioner.settings import Settings
from shared.errors import Transient
from shared.items import image_key
from shared.records import MAX_ATTEMPTS, ImageRecord, Status
from shared.upgrades import upgrade_shard
from shared.working import worker_tools
from tests.deadlines import until
from tests.integration.gateway.conftest import clients, provision
from tests.integration.workers.captioner import HASH_KEY, Captioner, made
from tests.photos import REAL_PHOTOS
from tests.standins.running import Standin, running_standins

pytestmark = pytest.mark.timeout(120)

ORDER = ("bedrock", "sagemaker", "huggingface", "local")
REMOTE = ORDER[:-1]
DEADLINE_S = 20.0
TIMEOUT_S = 2.0

OpenCaptioner = Callable[..., AbstractAsyncContextManager[Captioner]]

# Mode of the fault, by what the attempt then says.
OUTCOMES = {
    "throttle": {"throttled"},
    "error": {"error"},
    "timeout": {"timeout"},
    "slow": {"timeout"},
    "bad_json": {"invalid_output", "error"},
    "refusal": {"refused", "error"},
    "retired": {"error"},
    "disconnect": {"error"},
}


def model_input() -> bytes:
    with Image.open(REAL_PHOTOS["chelsea"]) as photo:
        out = io.BytesIO()
        photo.convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
async def standin() -> AsyncIterator[Standin]:
    with pytest.MonkeyPatch.context() as env:
        async with running_standins() as running:
            env.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", running.url)
            env.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", running.url)
            yield running


@pytest.fixture(scope="module")
async def resources(aws: str) -> dict[str, str]:
    async with clients(aws) as aws_clients:
        return await provision(aws_clients)


@asynccontextmanager
async def opened(
    resources: dict[str, str], standin: Standin, **changes: Any
) -> AsyncIterator[Captioner]:
    options: dict[str, Any] = {
        "images_bucket": resources["images_bucket"],
        "records_table": resources["records_table"],
        "queue_url": "unused",
        "dlq_url": "unused",
        "user_hash_key": HASH_KEY,
        "sagemaker_endpoint": "stand-in",
        "huggingface_token": "stand-in",
        "huggingface_base_url": f"{standin.url}/v1",
        "bedrock_timeout_s": TIMEOUT_S,
        "sagemaker_timeout_s": TIMEOUT_S,
        "huggingface_timeout_s": TIMEOUT_S,
        "chain_deadline_s": DEADLINE_S,
        "breaker_failures": 1000,
        "bedrock_input_usd": 1.0,
        "bedrock_output_usd": 5.0,
    }
    settings = Settings(**options | changes)
    async with (
        worker_tools(settings, service="captioner") as tools,
        open_chain(settings, tools) as chain,
    ):
        yield made(tools, chain=chain, photo=model_input())


@pytest.fixture(scope="module")
async def usual(resources: dict[str, str], standin: Standin) -> AsyncIterator[Captioner]:
    """One with a circuit that never opens, for all tests: six clients take long to make."""
    async with opened(resources, standin) as captioner:
        yield captioner


@pytest.fixture
async def captioning(
    resources: dict[str, str], standin: Standin, usual: Captioner
) -> OpenCaptioner:
    """``async with captioning(breaker_failures=5) as captioner``; without changes the usual one."""
    await standin.reset()

    def chosen(**changes: Any) -> AbstractAsyncContextManager[Captioner]:
        if changes:
            return opened(resources, standin, **changes)
        return nullcontext(replace(usual, user=f"user-{uuid.uuid4().hex}"))

    return chosen


def story(record: ImageRecord) -> list[tuple[str, str]]:
    assert record.provider is not None
    return [(attempt.provider, attempt.outcome) for attempt in record.provider.attempts]


@pytest.mark.parametrize("broken", REMOTE)
@pytest.mark.parametrize("mode", OUTCOMES)
async def test_next_provider_answers_and_the_attempt_says_why(
    captioning: OpenCaptioner, standin: Standin, broken: str, mode: str
) -> None:
    # Those before the broken one are throttled, so that it is asked at all.
    before = {name: {"mode": "throttle"} for name in REMOTE[: REMOTE.index(broken)]}
    await standin.fault(**before, **{broken: {"mode": mode}})
    async with captioning() as captioner:
        began = time.monotonic()

        record = await captioner.captioned(upload_sha256=None)

        assert time.monotonic() - began < DEADLINE_S
    assert record.status is Status.COMPLETED
    assert record.provider is not None
    assert record.provider.name == ORDER[ORDER.index(broken) + 1]
    assert record.provider.degraded
    told = [attempt for attempt in record.provider.attempts if attempt.provider == broken]
    assert {attempt.outcome for attempt in told} <= OUTCOMES[mode]
    assert all(attempt.reason for attempt in told)
    assert story(record)[-1] == (record.provider.name, "ok")


async def test_all_remote_providers_down_leaves_the_local_one(
    captioning: OpenCaptioner, standin: Standin
) -> None:
    await standin.fault(**{name: {"mode": "error"} for name in REMOTE})
    async with captioning(breaker_failures=5) as captioner:
        records = [await captioner.captioned(upload_sha256=None) for _ in range(8)]

    for record in records:
        assert record.status is Status.COMPLETED
        assert record.provider is not None
        assert (record.provider.name, record.provider.degraded) == ("local", True)
        assert record.concise_caption


async def test_photo_that_nobody_may_caption_fails_at_the_fifth_attempt(
    captioning: OpenCaptioner, standin: Standin
) -> None:
    async with captioning(providers=("bedrock",), daily_budget_usd=0) as captioner:
        record = await captioner.record(upload_sha256=None)
        for _ in range(MAX_ATTEMPTS - 1):
            with pytest.raises(Transient):
                await captioner.handle(record)

        failed = await captioner.handle(record)

    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert (failed.error.code, failed.error.retryable) == ("providers_exhausted", True)
    assert (await standin.calls())["bedrock"] == {}


async def test_healthy_first_provider_answers_with_what_it_cost(
    captioning: OpenCaptioner,
) -> None:
    async with captioning() as captioner:
        record = await captioner.captioned(upload_sha256=None)

    assert story(record) == [("bedrock", "ok")]
    assert record.provider is not None
    assert not record.provider.degraded
    attempt = record.provider.attempts[0]
    assert attempt.input_tokens
    assert attempt.output_tokens
    assert attempt.cost_usd == pytest.approx(
        (attempt.input_tokens + 5 * attempt.output_tokens) / 1e6
    )


async def test_circuit_spares_a_provider_that_is_down(
    captioning: OpenCaptioner, standin: Standin
) -> None:
    await standin.fault(bedrock={"mode": "error"})
    async with captioning(breaker_failures=5, breaker_cooldown_s=3600) as captioner:
        records = [await captioner.captioned(upload_sha256=None) for _ in range(6)]

    assert (await standin.calls())["bedrock"] == {"error": 5}
    assert story(records[-1])[0] == ("bedrock", "circuit_open")


async def test_provider_that_is_back_is_found_out_by_single_trials(
    captioning: OpenCaptioner, standin: Standin
) -> None:
    await standin.fault(bedrock={"mode": "error"})
    async with captioning(breaker_failures=1, breaker_cooldown_s=0.1) as captioner:
        for photos in (1, 2, 3):
            await captioner.captioned(upload_sha256=None)
            assert (await standin.calls())["bedrock"]["error"] <= photos

        await standin.fault(bedrock={"mode": "none"})

        async def is_back() -> bool:
            return story(await captioner.captioned(upload_sha256=None)) == [("bedrock", "ok")]

        await until(is_back)


@pytest.mark.parametrize(("mode", "waits"), [("error", True), ("refusal", False), ("none", False)])
async def test_captions_that_an_outage_left_to_another_wait_for_better_ones(
    captioning: OpenCaptioner, standin: Standin, mode: str, waits: bool
) -> None:
    await standin.fault(bedrock={"mode": mode})
    async with captioning() as captioner:
        upgrading = replace(captioner, upgrades=True)
        record = await upgrading.captioned(upload_sha256=None)
        item = await captioner.tools.items.read(image_key(record.user_id, record.image_id))

    assert record.status is Status.COMPLETED
    assert item.get("active_shard") == ({"S": upgrade_shard(record.image_id)} if waits else None)


async def test_what_the_model_wrote_in_bad_taste_is_passed_over(
    captioning: OpenCaptioner, standin: Standin
) -> None:
    await standin.fault(bedrock={"text": "<script>alert(1)</script>"})
    async with captioning() as captioner:
        record = await captioner.captioned(upload_sha256=None)

    assert story(record)[0] == ("bedrock", "invalid_output")
    assert record.provider is not None
    assert record.provider.name == "sagemaker"
    assert record.provider.attempts[0].cost_usd


async def test_chosen_provider_is_asked_first(captioning: OpenCaptioner) -> None:
    async with captioning() as captioner:
        options = {"provider": "huggingface"}
        record = await captioner.captioned(upload_sha256=None, options=options)

    assert story(record) == [("huggingface", "ok")]


async def test_another_language_is_not_asked_of_a_model_that_lacks_it(
    captioning: OpenCaptioner, standin: Standin
) -> None:
    await standin.fault(bedrock={"mode": "throttle"})
    async with captioning() as captioner:
        record = await captioner.captioned(upload_sha256=None, options={"language": "de"})

    assert ("sagemaker", "unsupported") in story(record)
    assert (await standin.calls())["sagemaker"] == {}
