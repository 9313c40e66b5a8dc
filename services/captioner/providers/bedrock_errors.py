"""What a refused or broken call to Bedrock means to the chain.

AWS's messages are read here and go no further: they may quote what was sent.
"""

import math
import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from services.captioner.provider import (
    Misconfigured,
    ProviderError,
    Refused,
    Retired,
    Throttled,
    Unavailable,
    Unsupported,
)
from shared.aws import error_code

# Converse's own errors are on its page of the API reference, "Errors"; the others are common to
# all of AWS's services.
_THROTTLES = {
    "ThrottlingException": "throttled",
    "TooManyRequestsException": "throttled",
    "ServiceQuotaExceededException": "quota_exceeded",
    "ModelNotReadyException": "model_not_ready",
}
_UNAVAILABLE = {
    "ModelTimeoutException": "timeout",
    "ModelErrorException": "model_error",
    "ModelStreamErrorException": "model_error",
    "InternalServerException": "server_error",
    "ServiceUnavailableException": "server_error",
    # A task's credentials are renewed in the background: the next call has new ones.
    "ExpiredTokenException": "credentials_expired",
}
_REFUSING = frozenset({"ResourceNotFoundException", "ValidationException", "AccessDeniedException"})
# As seen in public reports: "This model version has reached the end of its life", "This Model is
# marked by provider as Legacy and you have not been actively using the model …".
_RETIRED = re.compile(r"end[ -]of[ -](its |)life|as legacy|\bretired\b", re.IGNORECASE)
# "The model returned the following errors: output_config.format: Extra inputs are not permitted".
_FIELD = re.compile(r"output_config(?:\.(format|effort))?", re.IGNORECASE)
_NO_VISION = re.compile(r"support[^.]*\bimage (content|input|block)", re.IGNORECASE)
_IMAGE = re.compile(r"\bimage\b", re.IGNORECASE)
_FILTERED = re.compile(r"content filter|content policy|guardrail", re.IGNORECASE)

RETRY_AFTER_LIMIT = 3600.0  # seconds
# All that a client's call raises, but for mistakes of our own.
RAISED = (BotoCoreError, ClientError, ResponseParserError, TimeoutError, OSError)


class FieldRefused(Unavailable):
    """The model does not take an optional field of ours; without it the same call may go through.

    ``fields`` are those that it named: format, effort.
    """

    blames_provider = False

    def __init__(self, fields: frozenset[str]) -> None:
        super().__init__("field_refused")
        self.fields = fields


def translated(error: Exception) -> ProviderError:
    """What ``error``, raised by the client, means. Nothing of its text is kept."""
    if isinstance(error, ClientError):
        return _of_answer(error)
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError | TimeoutError):
        return Unavailable("timeout")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return Misconfigured("no_credentials")
    if isinstance(error, ParamValidationError):
        return Misconfigured("bad_request")
    if isinstance(error, ResponseParserError):
        return Unavailable("bad_response")
    return Unavailable("connection")


def _of_answer(error: ClientError) -> ProviderError:
    code = error_code(error)
    if code in _THROTTLES:
        return Throttled(_THROTTLES[code], retry_after=_retry_after(error))
    if code in _UNAVAILABLE:
        return Unavailable(_UNAVAILABLE[code], retry_after=_retry_after(error))
    text = str(error.response.get("Error", {}).get("Message", ""))
    if code in _REFUSING and _RETIRED.search(text):
        return Retired("model_retired")
    if code == "ValidationException":
        return _of_validation(text)
    return _of_status(error)


def _of_validation(text: str) -> ProviderError:
    if named := _FIELD.search(text):
        field = named.group(1)
        return FieldRefused(frozenset({field.lower()} if field else {"format", "effort"}))
    if _FILTERED.search(text):
        return Refused("content_filter")
    if _NO_VISION.search(text):
        return Misconfigured("no_vision")
    if _IMAGE.search(text):
        return Unsupported("image")
    return Misconfigured("bad_request")


def _of_status(error: ClientError) -> ProviderError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500:
        return Unavailable("server_error", retry_after=_retry_after(error))
    if status == 429:
        return Throttled("throttled", retry_after=_retry_after(error))
    if status == 408:
        return Unavailable("timeout")
    reasons = {401: "access_denied", 403: "access_denied", 404: "model_not_found"}
    return Misconfigured(reasons.get(status, "bad_request"))


def _retry_after(error: ClientError) -> float | None:
    """``Retry-After`` in seconds; a date is not what AWS sends."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, RETRY_AFTER_LIMIT) if math.isfinite(seconds) and seconds >= 0 else None
