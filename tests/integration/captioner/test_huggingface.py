"""The Hugging Face provider against the stand-in: one call, and what each failure becomes."""

import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from services.captioner.pricing import TokenPrices
from services.captioner.provider import (
    CaptionRequest,
    InvalidOutput,
    Misconfigured,
    ProviderError,
    Refused,
    Retired,
    Spent,
    Throttled,
    Unavailable,
)
from services.captioner.providers.huggingface import (
    HuggingFaceOptions,
    HuggingFaceProvider,
    open_huggingface,
)
from tests.standins.running import Standin, running_standins

MODEL = "Qwen/Qwen3-VL-8B-Instruct"
TEXTS = '{"concise": "A cat", "creative": "A cat sleeps.", "alt_text": "A cat.", "language": "en"}'


def _jpeg(colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG")
    return out.getvalue()


def _opened(url: str, **options: Any) -> AbstractAsyncContextManager[HuggingFaceProvider]:
    given: dict[str, Any] = {
        "model": MODEL,
        "base_url": f"{url}/v1",
        "token": "hf_test",
        "prices": TokenPrices(1.0, 5.0),
        "read_timeout": 5.0,
    }
    return open_huggingface(HuggingFaceOptions(**given | options))


@pytest.fixture(scope="module")
async def standins() -> AsyncIterator[Standin]:
    async with running_standins() as running:
        yield running


@pytest.fixture
async def standin(standins: Standin) -> Standin:
    await standins.reset()
    return standins


@pytest.fixture
async def provider(standin: Standin) -> AsyncIterator[HuggingFaceProvider]:
    async with _opened(standin.url) as opened:
        yield opened


async def _failure(provider: HuggingFaceProvider) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await provider.caption(CaptionRequest(_jpeg()))
    return raised.value


async def test_each_photo_gets_its_own_texts_in_one_call(
    provider: HuggingFaceProvider, standin: Standin
) -> None:
    teal = await provider.caption(CaptionRequest(_jpeg("teal"), language="fr"))
    red = await provider.caption(CaptionRequest(_jpeg("red")))

    assert teal.concise != red.concise
    assert (teal.language, red.language) == ("fr", "en")
    assert teal.model == MODEL
    assert not teal.decorative
    assert len(await standin.requests("huggingface")) == 2


async def test_tokens_are_counted_and_paid(provider: HuggingFaceProvider) -> None:
    spent = (await provider.caption(CaptionRequest(_jpeg()))).spent

    assert spent.input_tokens is not None
    assert spent.output_tokens is not None
    expected = (spent.input_tokens * 1.0 + spent.output_tokens * 5.0) / 1e6
    assert spent.cost_usd == pytest.approx(expected)


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        ({"mode": "throttle"}, Throttled, "throttled"),
        ({"mode": "error", "code": "loading"}, Unavailable, "cold_start"),
        ({"mode": "error", "code": "internal"}, Unavailable, "server_error"),
        ({"mode": "error", "code": "bad_gateway"}, Unavailable, "server_error"),
        ({"mode": "error", "code": "unauthorized"}, Misconfigured, "access_denied"),
        ({"mode": "error", "code": "payment_required"}, Misconfigured, "payment_required"),
        ({"mode": "error", "code": "not_found"}, Misconfigured, "unknown_model"),
        ({"mode": "disconnect"}, Unavailable, "connection"),
        ({"mode": "refusal", "code": "content_filter"}, Refused, "content_filter"),
        ({"mode": "refusal", "code": "stop"}, InvalidOutput, "not_json"),
        ({"mode": "bad_json", "code": "text"}, InvalidOutput, "truncated"),
        ({"mode": "bad_json", "code": "body"}, InvalidOutput, "not_json"),
        ({"mode": "retired"}, Retired, "model_retired"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else None,
)
async def test_failure_is_told_apart_after_one_call(
    provider: HuggingFaceProvider,
    standin: Standin,
    fault: dict[str, str],
    kind: type[ProviderError],
    reason: str,
) -> None:
    await standin.fault(huggingface=fault)

    failure = await _failure(provider)

    assert (type(failure), failure.reason) == (kind, reason)
    assert sum((await standin.calls())["huggingface"].values()) == 1


async def test_throttling_and_cold_start_say_for_how_long(
    provider: HuggingFaceProvider, standin: Standin
) -> None:
    await standin.fault(huggingface={"mode": "throttle"})
    throttled = await _failure(provider)
    await standin.fault(huggingface={"mode": "error", "code": "loading"})
    cold = await _failure(provider)

    assert isinstance(throttled, Throttled)
    assert throttled.retry_after == 1.0
    assert isinstance(cold, Unavailable)
    assert cold.retry_after == 12.3


async def test_retired_model_is_an_error_in_the_log(
    provider: HuggingFaceProvider, standin: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    await standin.fault(huggingface={"mode": "retired"})

    await _failure(provider)

    [line] = [record for record in caplog.records if record.message == "model retired"]
    assert line.levelno == logging.ERROR
    assert (line.provider, line.model) == ("huggingface", MODEL)  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", ["timeout", "slow"])
async def test_silence_and_a_slow_body_end_at_the_clients_limit(
    standin: Standin, mode: str
) -> None:
    await standin.fault(huggingface={"mode": mode, "delay_ms": 30_000})

    async with _opened(standin.url, read_timeout=0.3) as impatient:
        failure = await _failure(impatient)

    assert (type(failure), failure.reason) == (Unavailable, "timeout")


async def test_address_where_nobody_listens_is_unavailable(unused_tcp_port: int) -> None:
    async with _opened(f"http://127.0.0.1:{unused_tcp_port}") as provider:
        failure = await _failure(provider)

    assert (type(failure), failure.reason) == (Unavailable, "connection")


async def test_thinking_stays_out_of_the_texts(
    provider: HuggingFaceProvider, standin: Standin
) -> None:
    await standin.fault(huggingface={"mode": "none", "reasoning": True})

    answer = await provider.caption(CaptionRequest(_jpeg()))

    assert "thinks" not in f"{answer.concise} {answer.creative} {answer.alt_text}"


async def test_answer_longer_than_its_tokens_is_truncated_and_paid(standin: Standin) -> None:
    async with _opened(standin.url, max_tokens=10) as provider:
        failure = await _failure(provider)

    assert (type(failure), failure.reason) == (InvalidOutput, "truncated")
    assert failure.spent.output_tokens == 10


Saying = Callable[[Any], Awaitable[ProviderError]]


@pytest.fixture
async def said() -> AsyncIterator[Saying]:
    """What the chain hears if the service answers 200 and this body."""
    body: list[Any] = [None]

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body[0])

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    async with TestServer(app) as server, _opened(str(server.make_url("")).rstrip("/")) as provider:

        async def heard(document: Any) -> ProviderError:
            body[0] = document
            return await _failure(provider)

        yield heard


def _completion(message: Any, reason: str = "stop") -> dict[str, Any]:
    return {
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        pytest.param(
            _completion({"content": "", "reasoning": TEXTS}), InvalidOutput, "no_text", id="thought"
        ),
        pytest.param(
            _completion({"content": None, "reasoning_content": TEXTS}),
            InvalidOutput,
            "no_text",
            id="thought elsewhere",
        ),
        pytest.param(
            _completion({"content": None, "refusal": "No."}), Refused, "refusal", id="refusal"
        ),
        pytest.param(
            _completion({"content": TEXTS}, "content_filter"),
            Refused,
            "content_filter",
            id="filter",
        ),
        pytest.param(
            _completion({"content": TEXTS}, "length"), InvalidOutput, "truncated", id="cut"
        ),
        pytest.param(_completion(None), InvalidOutput, "no_text", id="no message"),
        pytest.param(_completion({"content": "{}"}), InvalidOutput, "missing_fields", id="empty"),
    ],
)
async def test_answer_without_texts_is_told_apart_and_paid(
    said: Saying, body: Any, kind: type[ProviderError], reason: str
) -> None:
    failure = await said(body)

    assert (type(failure), failure.reason) == (kind, reason)
    assert failure.spent == Spent(7, 3, pytest.approx(22e-6))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [[], [1], 3, "no", None, {}, {"choices": []}, {"choices": {}}, {"choices": [None]}],
    ids=str,
)
async def test_answer_that_is_no_completion_is_invalid_output(said: Saying, body: Any) -> None:
    failure = await said(body)

    assert type(failure) is InvalidOutput
