"""What an HTTP error of Hugging Face means to the chain.

The router passes on what the company behind a model answers, so that codes are read as well as
statuses: https://huggingface.co/docs/inference-providers/tasks/chat-completion
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from httpx2 import Response

from services.captioner.provider import (
    Misconfigured,
    ProviderError,
    Refused,
    Retired,
    Throttled,
    Unavailable,
    Unsupported,
)

_REASONS = {
    401: "access_denied",
    402: "payment_required",  # the account's credits are used up
    403: "access_denied",
    404: "unknown_model",
}
_UNKNOWN_MODEL = frozenset({"model_not_found", "model_not_supported"})
_FILTERED = re.compile(r"content[_ ]?(?:filter|policy)|moderation|inappropriate", re.IGNORECASE)
_IMAGE = re.compile(r"\bimages?\b", re.IGNORECASE)


def failure_of(response: Response) -> ProviderError:
    """The failure that an error response of chat completions stands for."""
    status = response.status_code
    if status == 429:
        return Throttled("throttled", retry_after=_retry_after(response))
    if status >= 500 or status == 408:
        return _passing(response)
    if status == 410:
        return Retired("model_retired")
    if status == 413:
        return Unsupported("image_too_large")
    if status in {400, 422}:
        return _bad_request(response)
    return Misconfigured(_REASONS.get(status, "bad_request"))


def _passing(response: Response) -> Unavailable:
    if response.status_code == 503:
        estimated = _number(_body(response).get("estimated_time"))
        if estimated is not None:
            return Unavailable("cold_start", retry_after=estimated)
    reason = "timeout" if response.status_code in {408, 504} else "server_error"
    return Unavailable(reason, retry_after=_retry_after(response))


def _bad_request(response: Response) -> ProviderError:
    error = _body(response).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    said = str(error)
    if code in _UNKNOWN_MODEL:
        return Misconfigured("unknown_model")
    if _FILTERED.search(said):
        return Refused("content_filter")
    if _IMAGE.search(said):
        return Unsupported("image_rejected")
    return Misconfigured("bad_request")


def _body(response: Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _retry_after(response: Response) -> float | None:
    """Seconds from now: RFC 9110 allows a number of seconds and a date."""
    given = response.headers.get("Retry-After", "")
    try:
        return _number(float(given))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(given)
    except ValueError:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _number(value: object) -> float | None:
    # Also refuses infinity and NaN, which JSON as Python reads it may hold.
    if isinstance(value, int | float) and 0 <= value < 1e6:
        return float(value)
    return None
