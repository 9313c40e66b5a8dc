"""What people read instead of codes. Every code of the contract has its sentence here."""

from typing import Literal

from clients.problems import Refused
from clients.resources import Failure, Provider
from services.ui.photo_files import ACCEPTED

# What a person asked for; "add" is handing in a photo, or trying one again.
Act = Literal["add", "caption", "edit", "download", "delete"]

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
# What is said otherwise where it is not about adding a photo.
_GONE = {"not_found": "This photo is not there any more. It may have been deleted elsewhere."}
_REFUSED_ACTS = {
    "caption": {
        **_GONE,
        "quota_exceeded": "You have used up your captions for now. Ask for new ones {later}.",
        "not_ready": "This photo is still being worked on. Ask again when it is done.",
        "invalid_field": "The style has letters that we can't use, or more than 200 of them. "
        "Write it in a few plain words.",
    },
    "edit": {
        **_GONE,
        "not_ready": "New captions are being written. Your text is kept here: "
        "save it when they are done.",
        "invalid_field": "This text is too long, or has letters that can't be saved. "
        "Shorten it, or type it anew.",
    },
    "download": {
        **_GONE,
        "not_ready": "This photo is still being worked on. Download it when it is done.",
        "metadata_unsupported": "Captions can't be written into this kind of file. "
        "The photo itself can be downloaded.",
        "too_many_downloads": "Other downloads of yours are still running. Try again in a moment.",
    },
    "delete": _GONE,
}
_UNDONE = {
    "caption": "Something unexpected went wrong, and no captions were asked for. Try again.",
    "edit": "Something unexpected went wrong, and this was not saved. Try again.",
    "download": "Something unexpected went wrong with this download. Try again.",
    "delete": "Something unexpected went wrong, and nothing was deleted. Try again.",
}
_UNKNOWN = "Something unexpected went wrong with this photo. Try adding it again."
AWAY = "The service is not answering right now. Try again in a moment."
GOES_ON = "The service is not answering right now. This page goes on by itself."
NOT_SAVED = "This could not be saved just now. Your text is kept here: save it again in a moment."
UNREACHED = "We could not send this photo: it did not arrive. Try again in a while."


def failure(error: Failure | None) -> str:
    """Why a photo got no captions, and what to do."""
    return _UNKNOWN if error is None else _FAILURES.get(error.code, _UNKNOWN)


def refusal(refused: Refused, *, act: Act = "add") -> str:
    """Why the gateway did not do this with a photo, and what to do."""
    known = {**_REFUSALS, **_REFUSED_ACTS.get(act, {})}
    sentence = known.get(refused.code, _UNDONE.get(act, _UNKNOWN))
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


def approximate(provider: Provider | None) -> str | None:
    """What to say of captions that another than the usual writer wrote."""
    if provider is None or not provider.degraded:
        return None
    if provider.name == "local":
        return (
            "Approximate: local model. It knows common things only and can be wrong: "
            "read the texts before you use them."
        )
    return (
        "Approximate: the usual caption writer was not available, another stepped in. "
        "Read the texts before you use them."
    )
