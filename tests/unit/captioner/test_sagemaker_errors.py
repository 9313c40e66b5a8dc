"""What each error of InvokeEndpoint means to the chain."""

from typing import Any

import pytest
from aiohttp import ClientPayloadError
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from services.captioner.provider import (
    Misconfigured,
    ProviderError,
    Refused,
    Throttled,
    Unavailable,
)
from services.captioner.providers.sagemaker_errors import failure_of


def _refused(status: int, code: str, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": more.pop("message", "")},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, "InvokeEndpoint")


@pytest.mark.parametrize(
    ("code", "status", "kind", "reason"),
    [
        ("ThrottlingException", 400, Throttled, "throttled"),
        ("ModelNotReadyException", 429, Unavailable, "cold_start"),
        ("ServiceUnavailable", 503, Unavailable, "server_error"),
        ("InternalFailure", 500, Unavailable, "server_error"),
        ("InternalDependencyException", 530, Unavailable, "server_error"),
        ("AccessDeniedException", 403, Misconfigured, "access_denied"),
        ("ExpiredTokenException", 403, Misconfigured, "access_denied"),
        ("ValidationError", 400, Misconfigured, "bad_request"),
    ],
)
def test_codes_of_the_service_are_told_apart(
    code: str, status: int, kind: type[ProviderError], reason: str
) -> None:
    failure = failure_of(_refused(status, code))

    assert (type(failure), failure.reason) == (kind, reason)


def test_endpoint_that_is_gone_is_named_as_such() -> None:
    failure = failure_of(_refused(400, "ValidationError", message="Endpoint x of y not found."))

    assert (type(failure), failure.reason) == (Misconfigured, "unknown_endpoint")


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, Refused, "photo_rejected"),
        (413, Refused, "photo_rejected"),
        (415, Misconfigured, "model_rejects_request"),
        (429, Throttled, "throttled"),
        (500, Unavailable, "model_error"),
        (None, Unavailable, "model_error"),
    ],
)
def test_status_of_the_container_tells_the_photos_fault_from_the_models(
    status: int | None, kind: type[ProviderError], reason: str
) -> None:
    failure = failure_of(_refused(424, "ModelError", OriginalStatusCode=status))

    assert (type(failure), failure.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (NoCredentialsError(), Misconfigured, "no_credentials"),
        (EndpointConnectionError(endpoint_url="x"), Unavailable, "connection"),
        (ClientPayloadError(), Unavailable, "connection"),
        (ReadTimeoutError(endpoint_url="x"), Unavailable, "timeout"),
        (ConnectTimeoutError(endpoint_url="x"), Unavailable, "timeout"),
        (TimeoutError(), Unavailable, "timeout"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_calls_that_had_no_answer_are_told_apart(
    error: Exception, kind: type[ProviderError], reason: str
) -> None:
    failure = failure_of(error)

    assert (type(failure), failure.reason) == (kind, reason)
