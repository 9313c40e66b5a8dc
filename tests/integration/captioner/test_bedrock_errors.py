"""Whatever goes wrong between us and Bedrock has one kind and one reason, after one call."""

import logging
from typing import Any

import pytest
from aiohttp import web

from services.captioner.provider import (
    InvalidOutput,
    Misconfigured,
    ProviderError,
    Refused,
    Retired,
    Spent,
    Throttled,
    Unavailable,
    Unsupported,
)
from tests.integration.captioner.bedrock import (
    ENDPOINT,
    MODEL,
    REQUEST,
    TEXTS,
    Wire,
    answer,
    error,
    failure_of,
    message,
    provider,
)
from tests.standins.running import running_standins

SPENT = Spent(100, 20, 0.0002)
SECRET = "said by the model"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"mode": "throttle"}, Throttled),
        ({"mode": "error"}, Unavailable),
        ({"mode": "timeout", "delay_ms": 5000}, Unavailable),
        ({"mode": "bad_json", "code": "text"}, InvalidOutput),
        ({"mode": "bad_json", "code": "body"}, Unavailable),
        ({"mode": "refusal", "code": "refusal"}, Refused),
        ({"mode": "refusal", "code": "content_filtered"}, Refused),
        ({"mode": "refusal", "code": "guardrail_intervened"}, Refused),
        ({"mode": "retired"}, Retired),
        ({"mode": "disconnect"}, Unavailable),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
async def test_each_fault_of_the_stand_in_is_told_apart(
    account: pytest.MonkeyPatch, fault: dict[str, Any], kind: type[ProviderError]
) -> None:
    async with running_standins() as standin:
        account.setenv(ENDPOINT, standin.url)
        await standin.fault(bedrock=fault)
        async with provider(read_timeout=0.3) as bedrock:
            with pytest.raises(ProviderError) as failed:
                await bedrock.caption(REQUEST)

    assert type(failed.value) is kind


@pytest.mark.parametrize(
    ("code", "status", "text", "kind", "reason"),
    [
        ("ThrottlingException", 429, "Too many tokens", Throttled, "throttled"),
        ("ServiceQuotaExceededException", 400, "Quota", Throttled, "quota_exceeded"),
        ("ModelNotReadyException", 429, "Not ready", Throttled, "model_not_ready"),
        ("SomethingNew", 429, "Slow down", Throttled, "throttled"),
        ("ModelTimeoutException", 408, "Timed out", Unavailable, "timeout"),
        ("ModelErrorException", 424, "Failed", Unavailable, "model_error"),
        ("InternalServerException", 500, "Oh", Unavailable, "server_error"),
        ("ServiceUnavailableException", 503, "Busy", Unavailable, "server_error"),
        ("SomethingNew", 502, "Gateway", Unavailable, "server_error"),
        ("ExpiredTokenException", 403, "Expired", Unavailable, "credentials_expired"),
        ("AccessDeniedException", 403, "No access", Misconfigured, "access_denied"),
        ("UnrecognizedClientException", 403, "Token", Misconfigured, "access_denied"),
        ("ResourceNotFoundException", 404, "No such model", Misconfigured, "model_not_found"),
        (
            "ResourceNotFoundException",
            404,
            "This model version has reached the end of its life.",
            Retired,
            "model_retired",
        ),
        (
            "ResourceNotFoundException",
            404,
            "Access denied. This Model is marked by provider as Legacy and you have not been "
            "actively using the model in the last 30 days.",
            Retired,
            "model_retired",
        ),
        (
            "ValidationException",
            400,
            "The provided model identifier is invalid.",
            Misconfigured,
            "bad_request",
        ),
        (
            "ValidationException",
            400,
            "`temperature` is deprecated for this model.",
            Misconfigured,
            "bad_request",
        ),
        (
            "ValidationException",
            400,
            "The model returned the following errors: messages.0.content.0.image.source.bytes: "
            "image exceeds 5 MB maximum",
            Unsupported,
            "image",
        ),
        ("ValidationException", 400, "Could not process image", Unsupported, "image"),
        (
            "ValidationException",
            400,
            "This model doesn't support the image content block that you provided.",
            Misconfigured,
            "no_vision",
        ),
        (
            "ValidationException",
            400,
            "Output blocked by content filtering policy",
            Refused,
            "content_filter",
        ),
    ],
)
async def test_each_error_of_aws_has_its_kind_and_its_reason(
    wire: Wire,
    code: str,
    status: int,
    text: str,
    kind: type[ProviderError],
    reason: str,
) -> None:
    failure = await failure_of(wire, error(code, status, text))

    assert (type(failure), failure.reason) == (kind, reason)
    # Its text may quote the request: it must not reach a log by way of the chain of causes.
    assert failure.__cause__ is None
    assert failure.__suppress_context__


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(web.Response(status=503, text="<html>Busy</html>"), "server_error", id="page"),
        pytest.param(web.Response(status=503), "server_error", id="nothing"),
        pytest.param(web.Response(text="<html>Sign in</html>"), "bad_response", id="a good page"),
        pytest.param(web.Response(), "bad_response", id="a good nothing"),
        pytest.param(answer({}), "bad_response", id="an empty object"),
        pytest.param(answer({"output": {"message": None}}), "bad_response", id="no message"),
    ],
)
async def test_what_is_not_bedrock_s_form_is_the_way_s_fault(
    wire: Wire, reply: web.Response, reason: str
) -> None:
    failure = await failure_of(wire, reply)

    assert (type(failure), failure.reason) == (Unavailable, reason)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("999999", 3600.0), ("-1", None), ("nan", None), ("soon", None)],
)
async def test_the_time_to_wait_is_handed_on(
    wire: Wire, header: str, seconds: float | None
) -> None:
    reply = error("ThrottlingException", 429, headers={"Retry-After": header})

    failure = await failure_of(wire, reply)

    assert isinstance(failure, Throttled)
    assert failure.retry_after == seconds


async def test_a_retired_model_is_named_in_a_line_for_the_alarm(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    await failure_of(wire, error("ResourceNotFoundException", 404, "reached end of life"))

    [line] = [record for record in caplog.records if record.message == "model retired"]
    assert line.levelno == logging.ERROR
    assert line.__dict__["model"] == f"us.{MODEL}"


async def test_a_port_where_nobody_listens_is_no_connection(account: pytest.MonkeyPatch) -> None:
    account.setenv(ENDPOINT, "http://127.0.0.1:9")

    async with provider() as bedrock:
        with pytest.raises(Unavailable) as failed:
            await bedrock.caption(REQUEST)

    assert failed.value.reason == "connection"


@pytest.mark.parametrize("named", ["format", "effort"])
async def test_a_field_that_the_model_refuses_is_left_out_from_then_on(
    wire: Wire, named: str
) -> None:
    def reply(body: dict[str, Any]) -> web.Response:
        sent = body.get("additionalModelRequestFields", {}).get("output_config", {})
        if named in sent:
            text = f"The model returned the following errors: output_config.{named}: Extra inputs"
            return error("ValidationException", 400, text)
        return answer(message({"text": TEXTS}))

    wire.reply = reply
    bedrock = wire.provider()

    with pytest.raises(Unavailable) as failed:
        await bedrock.caption(REQUEST)
    await bedrock.caption(REQUEST)

    assert failed.value.is_passing
    assert not failed.value.blames_provider
    kept = set(wire.bodies[1]["additionalModelRequestFields"]["output_config"])
    assert kept == {"format", "effort"} - {named}


async def test_a_field_that_was_not_sent_can_t_be_left_out(wire: Wire) -> None:
    reply = error("ValidationException", 400, "output_config: Extra inputs are not permitted")

    failure = await failure_of(wire, reply, model="amazon.nova-lite-v1:0")

    assert type(failure) is Misconfigured
