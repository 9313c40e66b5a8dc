"""The caption cache: the same photo with the same options is paid once, and given back once."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.captioner.cache import KEPT_PER_IMAGE, CaptionCache
from services.captioner.settings import Settings
from shared.contracts import CaptionOptions
from shared.items import Update
from shared.records import ImageRecord, Status
from shared.working import Tools, worker_tools
from tests.integration.gateway.conftest import clients, provision
from tests.integration.workers.captioner import HASH_KEY, NOW, Captioner, FakeProvider, made


@pytest.fixture(scope="session")
async def tools(aws: str) -> AsyncIterator[Tools]:
    async with clients(aws) as aws_clients:
        resources = await provision(aws_clients)
    settings = Settings(
        images_bucket=resources["images_bucket"],
        records_table=resources["records_table"],
        queue_url="unused",
        dlq_url="unused",
        user_hash_key=HASH_KEY,
    )
    async with worker_tools(settings, service="captioner") as made_tools:
        yield made_tools


@pytest.fixture
def captioner(tools: Tools) -> Captioner:
    """A captioner with one provider, for a user of the test's own."""
    return made(tools, FakeProvider())


async def test_the_same_photo_is_captioned_once_and_its_unit_comes_back(
    captioner: Captioner,
) -> None:
    first = await captioner.captioned()
    second = await captioner.captioned()

    assert len(captioner.providers[0].asked) == 1
    assert second.status is Status.COMPLETED
    assert second.concise_caption == first.concise_caption == "Local 1"
    assert second.label_details == first.label_details
    assert second.provider is not None
    assert (second.provider.name, second.provider.model) == ("cache", "m1")
    assert (second.provider.degraded, second.provider.attempts) == (True, ())
    assert await captioner.spent() == 1


async def test_a_message_that_comes_twice_gives_one_unit_back(captioner: Captioner) -> None:
    await captioner.captioned()
    await captioner.record()
    hit = await captioner.record()

    for _ in range(3):
        await captioner.handle(hit)

    assert await captioner.spent() == 2


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"upload_sha256": "t" * 64}, id="other bytes"),
        pytest.param({"upload_sha256": None}, id="unknown bytes"),
        pytest.param({"options": CaptionOptions(style="dry")}, id="another style"),
        pytest.param({"options": CaptionOptions(language="de")}, id="another language"),
        pytest.param({"options": CaptionOptions(labels=False)}, id="no labels"),
        pytest.param({"labels": ("Dog",)}, id="other labels"),
        pytest.param({"epoch": 1}, id="everything deleted in between"),
        pytest.param({"options": CaptionOptions(provider="bedrock")}, id="a provider asked for"),
        pytest.param({"concise_caption": "Before"}, id="captioned again"),
    ],
)
async def test_what_differs_is_captioned_anew(
    captioner: Captioner, changes: dict[str, Any]
) -> None:
    await captioner.captioned()

    second = await captioner.captioned(**changes)

    assert second.concise_caption == "Local 2"
    assert await captioner.spent() == 2


async def test_another_user_s_captions_are_not_taken(captioner: Captioner, tools: Tools) -> None:
    await captioner.captioned()
    other = made(tools, *captioner.providers)

    assert (await other.captioned()).concise_caption == "Local 2"


async def test_another_model_s_captions_are_not_taken(captioner: Captioner, tools: Tools) -> None:
    await captioner.captioned()
    newer = made(tools, FakeProvider(model="m2"), user=captioner.user)

    await newer.captioned()

    assert len(newer.providers[0].asked) == 1


async def test_a_fallback_s_answer_is_never_kept(tools: Tools) -> None:
    captioner = made(tools, FakeProvider("bedrock", broken=True), FakeProvider())

    first = await captioner.captioned()
    second = await captioner.captioned()

    assert first.cache_keys == ()
    assert second.provider is not None
    assert second.provider.name == "local"
    assert await captioner.spent() == 2


async def test_a_provider_asked_for_is_asked_first_and_the_others_after(tools: Tools) -> None:
    captioner = made(tools, FakeProvider("bedrock"), FakeProvider("huggingface", broken=True))

    record = await captioner.captioned(options=CaptionOptions(provider="huggingface"))

    assert record.provider is not None
    tried = [attempt.provider for attempt in record.provider.attempts]
    assert (tried, record.provider.name) == (["huggingface", "bedrock"], "bedrock")


async def test_edits_are_not_cached(captioner: Captioner) -> None:
    first = await captioner.captioned()
    edit = Update().set(edited_concise="Mine", edited_at=NOW)
    await captioner.tools.records.update(captioner.user, first.image_id, edit)

    assert (await captioner.captioned()).concise_caption == "Local 1"


async def test_the_cached_captions_go_with_their_image(captioner: Captioner) -> None:
    first = await captioner.captioned()
    second = await captioner.captioned()

    await captioner.tools.purger.remove(captioner.user, first.image_id)

    assert await captioner.cached(first) == {}
    assert await captioner.tools.records.get(captioner.user, second.image_id) == second
    assert (await captioner.captioned()).concise_caption == "Local 2"


async def test_captions_of_an_image_deleted_meanwhile_are_not_kept(captioner: Captioner) -> None:
    record = await captioner.captioned()
    cache = CaptionCache(captioner.tools.items, captioner.providers[0])
    result = cache.found(await captioner.cached(record))
    assert result is not None
    await captioner.tools.purger.remove(captioner.user, record.image_id)

    await cache.keep(record, result.model_copy(update={"cache_keys": record.cache_keys}))

    assert await captioner.cached(record) == {}


async def again(captioner: Captioner, before: ImageRecord, style: str | None) -> ImageRecord:
    """The image captioned once more."""
    update = Update().set(
        status=Status.CAPTIONING,
        job=uuid.uuid4().hex,
        options=CaptionOptions(style=style),
        attempts_made=0,
    )
    record = await captioner.tools.records.update(captioner.user, before.image_id, update)
    return await captioner.handle(record)


async def test_captions_made_again_are_the_ones_kept(captioner: Captioner) -> None:
    first = await captioner.captioned()

    await again(captioner, first, None)

    assert (await captioner.captioned()).concise_caption == "Local 2"


async def test_captions_with_other_options_are_kept_beside(captioner: Captioner) -> None:
    first = await captioner.captioned()

    last = await again(captioner, first, "dry")

    assert (await captioner.captioned()).concise_caption == "Local 1"
    dry = await captioner.captioned(options=CaptionOptions(style="dry"))
    assert dry.concise_caption == "Local 2"
    await captioner.tools.purger.remove(captioner.user, first.image_id)
    assert (await captioner.cached(first), await captioner.cached(last)) == ({}, {})


async def test_of_many_captions_of_one_image_the_latest_are_kept(captioner: Captioner) -> None:
    first = record = await captioner.captioned()

    for number in range(KEPT_PER_IMAGE):
        record = await again(captioner, record, f"style {number}")

    assert len(record.cache_keys) == KEPT_PER_IMAGE
    assert await captioner.cached(first) == {}
    assert await captioner.cached(record) != {}
