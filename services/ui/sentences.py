"""What people read instead of codes. Every code of the contract has its sentence here."""

from clients.problems import Refused
from clients.resources import Failure
from services.ui.photo_files import ACCEPTED

_FAILURES = {
    "undecodable_image": "We could not read this photo: the file is damaged or incomplete. "
    "Export it again from where it came from, then add the new file.",
    "unsupported_media_type": f"This is not a photo we can read. Save it as {ACCEPTED} "
    "and add it again.",
    "image_too_large": "This photo is larger than 10 MB. Save a smaller copy and add that one.",
    "image_too_many_pixels": "This photo has more pixels than we can work with. "
    "Save a smaller copy and add that one.",
    "providers_exhausted": "No caption writer could finish this photo just now. "
    "Try again in a few minutes.",
    "timed_out": "This photo took too long and was set aside. Try again.",
    "internal_error": "Something went wrong on our side, not with your photo. Try again.",
}
_REFUSALS = {
    **_FAILURES,
    "empty_image": "This file is empty. Choose the photo again from where it is stored.",
    "quota_exceeded": "You have used up your captions for now. Add this photo again {later}.",
    "not_ready": "This photo is still being worked on. Wait until it is done.",
    "not_retryable": "Another try can't help here. Add the photo once more.",
    "not_failed": "This photo is already on its way again.",
}
_UNKNOWN = "Something unexpected went wrong with this photo. Try adding it again."
UNREACHED = "We could not send this photo: the service did not answer. Add it again in a while."
SIGNED_OUT = "This photo was not sent because your session ended. Sign in and add it again."


def failure(error: Failure | None) -> str:
    """Why a photo got no captions, and what to do."""
    return _UNKNOWN if error is None else _FAILURES.get(error.code, _UNKNOWN)


def refusal(refused: Refused) -> str:
    """Why the gateway did not take a photo, and what to do."""
    sentence = _REFUSALS.get(refused.code, _UNKNOWN)
    return sentence.replace("{later}", _later(refused.retry_after))


def _later(seconds: float | None) -> str:
    if seconds is None:
        return "later"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"in {minutes} minute{'s' if minutes > 1 else ''}"
    hours = round(minutes / 60)
    return f"in {hours} hour{'s' if hours > 1 else ''}"


def photos(count: int) -> str:
    """``"1 photo"``, ``"3 photos"``."""
    return "1 photo" if count == 1 else f"{count} photos"
