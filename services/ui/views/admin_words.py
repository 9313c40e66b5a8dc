"""What operators read instead of the pipeline's codes; one that is not known here stays itself."""

import re
from datetime import UTC, date, datetime

_PROVIDERS = {
    "bedrock": "Amazon Bedrock",
    "sagemaker": "SageMaker",
    "huggingface": "Hugging Face",
    "local": "Local model",
    "cache": "Earlier captions",
}
_QUEUES = {"ingest": "Preparing photos", "caption": "Writing captions"}
_FAILURES = {
    "undecodable_image": "Damaged file",
    "unsupported_media_type": "Not a photo",
    "image_too_large": "Over 10 MB",
    "image_too_many_pixels": "Too many pixels",
    "providers_exhausted": "No provider could",
    "timed_out": "Took too long",
    "internal_error": "Fault of ours",
}
_ERRORS = {
    "switched_off": "it was switched off here",
    "over_budget": "the budget of the day was spent",
    "throttled": "it asked to be spared",
    "timeout": "it took too long",
    "connection": "it could not be reached",
    "server_error": "a fault on its side",
    "bad_response": "an answer that made no sense",
    "model_error": "a fault in the model",
    "cold_start": "it was still starting",
    "model_retired": "the model has been retired",
    "unknown_model": "it knows no model of this name",
    "no_credentials": "it did not accept our credentials",
    "no_vision": "the model takes no pictures",
    "bad_request": "it did not accept the request",
    "model_rejects_request": "it did not accept the request",
    "content_filter": "a filter stopped a photo",
    "refusal": "the model declined a photo",
    "photo_rejected": "it did not take a photo",
    "no_text": "an answer without captions",
    "not_json": "an answer of the wrong form",
    "malformed": "an answer of the wrong form",
    "missing_fields": "an answer with parts missing",
    "truncated": "an answer that broke off",
    "too_long": "captions that were too long",
}


def provider(name: str) -> str:
    """A provider as people call it."""
    return _PROVIDERS.get(name, name)


def queue(name: str) -> str:
    """What a queue's messages wait for."""
    return _QUEUES.get(name, name)


def failure(code: str) -> str:
    """Why photos failed, in a word or three."""
    return _FAILURES.get(code, _readable(code))


def error(reason: str) -> str:
    """A provider's last error."""
    return _ERRORS.get(reason, _readable(reason))


def count(number: float, one: str, many: str = "") -> str:
    """``"1 photo"``, ``"1,204 photos"``."""
    return f"{number:,.0f} {one if number == 1 else many or one + 's'}"


def dollars(amount: float) -> str:
    """Money to the cent, and finer where that would be nothing."""
    return f"${amount:,.2f}" if amount >= 0.01 or not amount else f"${amount:.4f}"


def duration(seconds: float) -> str:
    """``"450 ms"``, ``"2.4 s"``, ``"3 min"``, ``"5 h"``, ``"2 days"``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def share(part: float) -> str:
    """``"98.5 %"``; only all of it is 100 %, and only nothing is 0 %."""
    percent = part * 100
    if 0 < percent < 0.1 or 99.9 < percent < 100:
        return "< 0.1 %" if percent < 1 else "> 99.9 %"
    return f"{percent:.0f} %" if percent in {0, 100} else f"{percent:.1f} %"


def day(moment: date) -> str:
    """``"22 Nov"``."""
    return f"{moment.day} {moment:%b}"


def full_day(text: str | None) -> str:
    """``"22 Nov 2026"`` for a day in ISO 8601."""
    try:
        moment = date.fromisoformat(text or "")
    except ValueError:
        return text or ""
    return f"{day(moment)} {moment.year}"


def days_left(end: str | None) -> int | None:
    """Days from today (UTC) to a day in ISO 8601, if it is one."""
    try:
        return (date.fromisoformat(end or "") - datetime.now(UTC).date()).days
    except ValueError:
        return None


def _readable(code: str) -> str:
    return re.sub(r"[_\s]+", " ", code).strip() or "unknown"
