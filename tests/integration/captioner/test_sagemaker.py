"""The SageMaker provider against the stand-in: one call, and what each failure becomes."""

import io
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image

from services.captioner.provider import (
    CaptionRequest,
    InvalidOutput,
    Misconfigured,
    ProviderError,
    Refused,
    Throttled,
    Unavailable,
    Unsupported,
)
from services.captioner.providers.sagemaker import (
    IMAGE_BYTES_LIMIT,
    SageMakerOptions,
    SageMakerProvider,
    open_sagemaker,
)
from tests.standins.running import Standin, running_standins

OPTIONS = SageMakerOptions("captions", "model-of-the-settings", 0.0001, read_timeout=5.0)


def _jpeg(colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
async def standins() -> AsyncIterator[Standin]:
    async with running_standins() as running:
        yield running


@pytest.fixture
async def standin(standins: Standin, account: pytest.MonkeyPatch) -> Standin:
    account.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", standins.url)
    await standins.reset()
    return standins


@pytest.fixture
async def provider(standin: Standin) -> AsyncIterator[SageMakerProvider]:
    async with open_sagemaker(OPTIONS) as opened:
        yield opened


async def _failure(provider: SageMakerProvider) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await provider.caption(CaptionRequest(_jpeg()))
    return raised.value


async def test_each_photo_gets_its_own_texts_in_one_call(
    provider: SageMakerProvider, standin: Standin
) -> None:
    teal = await provider.caption(CaptionRequest(_jpeg("teal"), labels=("Sea",)))
    red = await provider.caption(CaptionRequest(_jpeg("red"), language="en-GB", style="pirate"))

    assert teal.concise != red.concise
    assert teal.creative.endswith("Also in view: sea.")
    assert teal.alt_text.startswith(teal.concise)
    assert (teal.language, red.language) == ("en", "en")
    assert teal.model == "blip-image-captioning-base"  # the container's own word
    calls = await standin.requests("sagemaker")
    assert [call["endpoint"] for call in calls] == ["captions", "captions"]


async def test_time_is_paid_by_the_second(provider: SageMakerProvider) -> None:
    times = iter([10.0, 12.5])
    timed = SageMakerProvider(provider._client, OPTIONS, clock=lambda: next(times))  # noqa: SLF001  a client takes half a second to make

    answer = await timed.caption(CaptionRequest(_jpeg()))

    assert answer.spent.cost_usd == pytest.approx(0.00025)
    assert answer.spent.input_tokens is None


@pytest.mark.parametrize("language", ["fr", "de-AT", "zh"])
async def test_other_language_is_unsupported_and_nothing_is_sent(
    provider: SageMakerProvider, standin: Standin, language: str
) -> None:
    request = CaptionRequest(_jpeg(), language=language)

    with pytest.raises(Unsupported, match="language"):
        provider.check(request)
    with pytest.raises(Unsupported, match="language"):
        await provider.caption(request)
    assert not await standin.requests("sagemaker")


async def test_photo_over_the_limit_is_unsupported(provider: SageMakerProvider) -> None:
    provider.check(CaptionRequest(b"x" * IMAGE_BYTES_LIMIT))

    with pytest.raises(Unsupported, match="image_size"):
        provider.check(CaptionRequest(b"x" * (IMAGE_BYTES_LIMIT + 1)))


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        ({"mode": "throttle"}, Throttled, "throttled"),
        ({"mode": "error", "code": "ServiceUnavailable"}, Unavailable, "server_error"),
        ({"mode": "error", "code": "InternalFailure"}, Unavailable, "server_error"),
        ({"mode": "error", "code": "ModelNotReadyException"}, Unavailable, "cold_start"),
        ({"mode": "error", "code": "ModelError"}, Unavailable, "model_error"),
        ({"mode": "error", "code": "AccessDeniedException"}, Misconfigured, "access_denied"),
        ({"mode": "error", "code": "ValidationError"}, Misconfigured, "bad_request"),
        ({"mode": "refusal"}, Refused, "photo_rejected"),
        ({"mode": "retired"}, Misconfigured, "unknown_endpoint"),
        ({"mode": "disconnect"}, Unavailable, "connection"),
        ({"mode": "bad_json"}, InvalidOutput, "not_json"),
        ({"mode": "none", "text": " . "}, InvalidOutput, "no_text"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else None,
)
async def test_failure_is_told_apart_after_one_call(
    provider: SageMakerProvider,
    standin: Standin,
    fault: dict[str, str],
    kind: type[ProviderError],
    reason: str,
) -> None:
    await standin.fault(sagemaker=fault)

    failure = await _failure(provider)

    assert (type(failure), failure.reason) == (kind, reason)
    assert sum((await standin.calls())["sagemaker"].values()) == 1


@pytest.mark.parametrize(
    ("fault", "is_paid"),
    [
        ({"mode": "bad_json"}, True),
        ({"mode": "error", "code": "ModelError"}, True),
        ({"mode": "refusal"}, True),
        ({"mode": "throttle"}, False),
        ({"mode": "error", "code": "ServiceUnavailable"}, False),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else None,
)
async def test_container_s_time_is_paid_whatever_it_says(
    provider: SageMakerProvider, standin: Standin, fault: dict[str, str], is_paid: bool
) -> None:
    await standin.fault(sagemaker=fault)

    assert ((await _failure(provider)).spent.cost_usd is not None) is is_paid


async def test_endpoint_that_is_gone_is_an_error_in_the_log(
    provider: SageMakerProvider, standin: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    await standin.fault(sagemaker={"mode": "retired"})

    await _failure(provider)

    [line] = [record for record in caplog.records if record.message == "endpoint not found"]
    assert line.levelno == logging.ERROR


@pytest.mark.parametrize("mode", ["timeout", "slow"])
async def test_silence_and_a_slow_body_end_at_the_clients_limit(
    standin: Standin, mode: str
) -> None:
    await standin.fault(sagemaker={"mode": mode, "delay_ms": 30_000})
    options: dict[str, Any] = {"endpoint": "captions", "model": "m", "read_timeout": 0.3}

    async with open_sagemaker(SageMakerOptions(**options)) as impatient:
        failure = await _failure(impatient)

    assert (type(failure), failure.reason) == (Unavailable, "timeout")
