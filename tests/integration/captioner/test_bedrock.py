"""Whatever Bedrock answers, the chain hears one caption or one reason, after exactly one call."""

import asyncio
import struct
from typing import Any

import pytest

from services.captioner.pacing import Pacer
from services.captioner.provider import (
    CaptionRequest,
    InvalidOutput,
    ProviderError,
    Refused,
    Spent,
    Unsupported,
)
from services.captioner.providers.bedrock import (
    IMAGE_BYTES_LIMIT,
    BedrockOptions,
    open_bedrock,
)
from services.captioner.providers.bedrock_models import optional_fields, output_weight
from tests.deadlines import until
from tests.integration.captioner.bedrock import (
    ENDPOINT,
    MODEL,
    REQUEST,
    TEXTS,
    Wire,
    answer,
    error,
    failure_of,
    jpeg,
    message,
    provider,
)
from tests.standins.running import running_standins

SPENT = Spent(100, 20, 0.0002)
SECRET = "said by the model"


async def test_the_stand_in_is_asked_and_its_texts_come_back(account: pytest.MonkeyPatch) -> None:
    async with running_standins() as standin:
        account.setenv(ENDPOINT, standin.url)
        await standin.fault(bedrock={"mode": "none", "reasoning": True})
        async with provider() as bedrock:
            answered = await bedrock.caption(REQUEST)
        calls = await standin.calls()

    assert answered.concise
    assert answered.alt_text
    assert answered.model == bedrock.model == f"us.{MODEL}"
    assert answered.spent.cost_usd is not None
    assert calls["bedrock"] == {"ok": 1}


THINKING = {"reasoningContent": {"reasoningText": {"text": TEXTS, "signature": "c2ln"}}}


@pytest.mark.parametrize(
    ("blocks", "stop", "kind", "reason"),
    [
        ([{"text": SECRET}], "end_turn", InvalidOutput, "not_json"),
        ([{"text": '{"caption": "x"}'}], "end_turn", InvalidOutput, "missing_fields"),
        ([], "end_turn", InvalidOutput, "no_text"),
        ([THINKING], "end_turn", InvalidOutput, "no_text"),
        ([{"text": TEXTS[:30]}], "max_tokens", InvalidOutput, "truncated"),
        ([{"text": TEXTS[:30]}], "end_turn", InvalidOutput, "truncated"),
        ([THINKING], "max_tokens", InvalidOutput, "truncated"),
        ([{"text": TEXTS}], "model_context_window_exceeded", InvalidOutput, "truncated"),
        ([{"text": TEXTS}], "malformed_model_output", InvalidOutput, "malformed"),
        ([{"text": TEXTS}], "refusal", Refused, "refusal"),
        ([{"text": TEXTS}], "content_filtered", Refused, "content_filter"),
        ([{"text": TEXTS}], "guardrail_intervened", Refused, "guardrail"),
    ],
)
async def test_an_answer_that_is_none_says_why_and_what_it_cost(
    wire: Wire,
    blocks: list[dict[str, Any]],
    stop: str,
    kind: type[ProviderError],
    reason: str,
) -> None:
    failure = await failure_of(wire, message(*blocks, stop=stop))

    assert (type(failure), failure.reason, failure.spent) == (kind, reason, SPENT)
    assert SECRET not in str(failure)


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([{"text": TEXTS}], id="alone"),
        pytest.param([THINKING, {"text": TEXTS}], id="after thinking"),
        pytest.param([{"text": TEXTS[:20]}, {"text": TEXTS[20:]}], id="in two blocks"),
        pytest.param([{"text": "Here you are:"}, {"text": TEXTS}], id="after a preamble"),
        pytest.param([{"somethingNew": {}}, {"text": TEXTS}], id="beside an unknown kind"),
    ],
)
async def test_the_texts_are_found_by_the_kind_of_their_block(
    wire: Wire, blocks: list[dict[str, Any]]
) -> None:
    wire.reply = lambda _: answer(message(*blocks))

    answered = await wire.provider().caption(REQUEST)

    assert (answered.concise, answered.language, answered.spent) == ("A cat", "en", SPENT)


async def test_an_answer_without_its_tokens_costs_nobody_knows_what(wire: Wire) -> None:
    body = message({"text": TEXTS})
    del body["usage"]
    wire.reply = lambda _: answer(body)

    answered = await wire.provider().caption(REQUEST)

    assert answered.spent == Spent()


@pytest.mark.parametrize(
    ("model", "fields", "weight"),
    [
        ("us.anthropic.claude-haiku-5-5", {"format", "effort"}, 5),
        ("eu.anthropic.claude-sonnet-5-5", {"format", "effort"}, 5),
        ("global.anthropic.claude-opus-4-6-v1", {"format", "effort"}, 5),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", {"format"}, 5),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", set(), 5),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", set(), 5),
        ("us.amazon.nova-pro-v1:0", set(), 1),
        ("us.meta.llama4-maverick-17b-instruct-v1:0", set(), 1),
    ],
)
def test_what_a_model_takes_follows_from_its_name(
    model: str, fields: set[str], weight: int
) -> None:
    assert optional_fields(model) == fields
    assert output_weight(model) == weight


def huge(width: int, height: int) -> bytes:
    """A JPEG whose header claims a size; no pixel of it is there."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        pytest.param(huge(8000, 8000), None, id="largest"),
        pytest.param(huge(8001, 1), "image_size", id="too wide"),
        pytest.param(huge(1, 8001), "image_size", id="too high"),
        pytest.param(jpeg() + b"\x00" * IMAGE_BYTES_LIMIT, "image_size", id="too heavy"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "image", id="no JPEG"),
        pytest.param(b"\xff\xd8\xff", "image", id="cut off"),
        pytest.param(b"", "image", id="empty"),
    ],
)
async def test_a_photo_that_converse_would_not_take_is_not_sent(
    wire: Wire, image: bytes, reason: str | None
) -> None:
    request = CaptionRequest(image=image)
    bedrock = wire.provider()
    if reason is None:
        bedrock.check(request)
        return

    with pytest.raises(Unsupported) as failed:
        await bedrock.caption(request)

    assert wire.bodies == []

    assert failed.value.reason == reason


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION"])
async def test_without_an_account_there_is_no_provider(
    account: pytest.MonkeyPatch, missing: str
) -> None:
    account.delenv(missing)

    async with open_bedrock(BedrockOptions(MODEL)) as opened:
        assert opened is None


async def test_an_api_key_comes_before_the_credentials(
    account: pytest.MonkeyPatch, wire: Wire
) -> None:
    account.setenv(ENDPOINT, wire.url)
    account.setenv("AWS_BEARER_TOKEN_BEDROCK", "a-key")

    async with provider() as bedrock:
        await bedrock.caption(REQUEST)

    assert wire.signed == "Bearer a-key"


async def test_the_schema_is_compiled_in_the_background_at_the_start(
    account: pytest.MonkeyPatch, wire: Wire
) -> None:
    account.setenv(ENDPOINT, wire.url)
    async with provider(warm_up=True):
        assert wire.bodies == []
        await until(lambda: wire.bodies)

    [body] = wire.bodies
    assert "format" in body["additionalModelRequestFields"]["output_config"]
    assert "image" not in str(body["messages"][0]["content"][0].keys())


async def test_a_warm_up_that_fails_is_a_line_and_no_more(
    account: pytest.MonkeyPatch, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    replies = iter([error("ThrottlingException", 429), answer(message({"text": TEXTS}))])
    wire.reply = lambda _: next(replies)
    account.setenv(ENDPOINT, wire.url)

    async with provider(warm_up=True) as bedrock:
        await until(lambda: "warm-up failed" in caplog.messages)
        assert (await bedrock.caption(REQUEST)).concise == "A cat"


async def test_a_warm_up_still_under_way_is_given_up_when_the_process_ends(
    account: pytest.MonkeyPatch,
) -> None:
    async with running_standins() as standin:
        account.setenv(ENDPOINT, standin.url)
        await standin.fault(bedrock={"mode": "timeout"})
        async with provider(warm_up=True):
            await asyncio.sleep(0)

    assert not [task for task in asyncio.all_tasks() if task.get_name() == "warm up bedrock"]


class CountingPacer(Pacer):
    """Hears what a provider tells its pacer."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    async def admit(self) -> float:
        self.heard.append("admit")
        return 7.0

    def answered(
        self, reserved: float, input_tokens: int | None, output_tokens: int | None
    ) -> None:
        self.heard.append((reserved, input_tokens, output_tokens))

    def throttled(self, retry_after: float | None) -> None:
        self.heard.append(retry_after)


async def test_the_pacer_is_asked_before_a_call_and_told_after_it(wire: Wire) -> None:
    replies = iter(
        [
            error("ThrottlingException", 429, headers={"Retry-After": "3"}),
            answer(message({"text": "no texts"})),
        ]
    )
    wire.reply = lambda _: next(replies)
    pacer = CountingPacer()
    bedrock = wire.provider(pacer=pacer)

    for _ in range(2):
        with pytest.raises(ProviderError):
            await bedrock.caption(REQUEST)

    assert pacer.heard == ["admit", 3.0, "admit", (7.0, 100, 20)]
