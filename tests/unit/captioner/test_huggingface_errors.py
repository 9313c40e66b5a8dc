"""What each error response of Hugging Face means to the chain."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest

from services.captioner.provider import (
    Misconfigured,
    ProviderError,
    Refused,
    Retired,
    Throttled,
    Unavailable,
    Unsupported,
)
from services.captioner.providers.huggingface_errors import failure_of

NOT_SERVED = {
    "error": {
        "message": "The requested model 'a/b' is not supported by any provider you have enabled.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_supported",
    }
}


def _case(status: int, body: Any, kind: type[ProviderError], reason: str) -> Any:
    return pytest.param(status, body, kind, reason, id=f"{status} {reason}")


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        _case(400, {"error": "Bad input"}, Misconfigured, "bad_request"),
        _case(400, NOT_SERVED, Misconfigured, "unknown_model"),
        _case(400, {"error": "cannot identify image file"}, Unsupported, "image_rejected"),
        _case(400, {"error": {"code": "content_filter"}}, Refused, "content_filter"),
        _case(401, {"error": "Invalid username or password."}, Misconfigured, "access_denied"),
        _case(402, {"error": "You have exceeded"}, Misconfigured, "payment_required"),
        _case(403, {}, Misconfigured, "access_denied"),
        _case(404, {}, Misconfigured, "unknown_model"),
        _case(405, {}, Misconfigured, "bad_request"),
        _case(408, {}, Unavailable, "timeout"),
        _case(410, {}, Retired, "model_retired"),
        _case(413, {}, Unsupported, "image_too_large"),
        _case(422, {"error": "Image too small"}, Unsupported, "image_rejected"),
        _case(429, {}, Throttled, "throttled"),
        _case(500, {}, Unavailable, "server_error"),
        _case(503, {}, Unavailable, "server_error"),
        _case(503, {"estimated_time": 12.5}, Unavailable, "cold_start"),
        _case(504, {}, Unavailable, "timeout"),
    ],
)
def test_status_and_body_tell_failures_apart(
    status: int, body: Any, kind: type[ProviderError], reason: str
) -> None:
    failure = failure_of(httpx2.Response(status, json=body))

    assert type(failure) is kind
    assert failure.reason == reason


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"[]", b'"no"', b"\xff", b""])
@pytest.mark.parametrize("status", [400, 503])
def test_body_of_another_shape_is_no_failure_of_ours(status: int, body: bytes) -> None:
    assert failure_of(httpx2.Response(status, content=body)).reason in {
        "bad_request",
        "server_error",
    }


def test_cold_start_says_how_long() -> None:
    failure = failure_of(httpx2.Response(503, json={"estimated_time": 12.5}))

    assert isinstance(failure, Unavailable)
    assert failure.retry_after == 12.5


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("", None), ("soon", None), ("-1", None), ("inf", None)],
)
def test_retry_after_is_read_as_seconds(given: str, seconds: float | None) -> None:
    failure = failure_of(httpx2.Response(429, headers={"Retry-After": given}))

    assert isinstance(failure, Throttled)
    assert failure.retry_after == seconds


def test_retry_after_may_be_a_date() -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    failure = failure_of(httpx2.Response(429, headers={"Retry-After": when}))

    assert isinstance(failure, Throttled)
    assert failure.retry_after == pytest.approx(60, abs=5)


def test_date_that_has_passed_is_now() -> None:
    failure = failure_of(
        httpx2.Response(429, headers={"Retry-After": "Sun, 01 Nov 2020 00:00:00 GMT"})
    )

    assert isinstance(failure, Throttled)
    assert failure.retry_after == 0


def test_what_the_service_says_is_not_in_the_failure() -> None:
    failure = failure_of(httpx2.Response(400, json={"error": "prompt was: secret holiday"}))

    assert "secret" not in f"{failure!r} {failure}"
