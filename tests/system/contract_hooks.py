"""What schemathesis can't read off the document: real pictures, and what only we can make up.

Loaded by ``st run``, which ``test_contract`` starts.
"""

import uuid
from typing import Any

import schemathesis
from hypothesis import strategies

from shared.media import MediaType
from tests.photos import corners, encoded

_SMALL = corners(32, 24)
_PICTURES = {
    MediaType.JPEG: encoded(_SMALL, "JPEG"),
    MediaType.PNG: encoded(_SMALL, "PNG"),
    MediaType.WEBP: encoded(_SMALL, "WEBP"),
    MediaType.GIF: encoded(_SMALL, "GIF"),
    MediaType.AVIF: encoded(_SMALL, "AVIF"),
    MediaType.TIFF: encoded(_SMALL, "TIFF"),
}
# The content decides, so a type that can't be written here is sent with the bytes of another.
for _each in MediaType:
    schemathesis.openapi.media_type(
        _each.content_type,
        strategies.just(_PICTURES.get(_each, _PICTURES[MediaType.JPEG])),
    )


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leave out forms with a null in them: a form has text only, and "null" is a fine batch."""
    is_form = case.media_type == "multipart/form-data" and isinstance(case.body, dict)
    return not (is_form and None in case.body.values())


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Take out of a good request what makes no sense in it, and no schema can tell.

    A cursor and the address to go to after signing out are the gateway's own; an option stands in
    the query or in the form; a key is used once; only the local provider is configured; a purge
    repeats the queue's name.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    amend = _AMENDS.get((case.method, case.operation.path))
    if amend is not None:
        amend(case)


def _list(case: Any) -> None:
    if case.query:
        case.query.pop("cursor", None)


def _sign_out(case: Any) -> None:
    case.query = {}


def _submit(case: Any) -> None:
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
    if case.media_type == "multipart/form-data":
        case.query = {}
        if isinstance(case.body, dict) and not isinstance(case.body.get("image"), bytes):
            case.body["image"] = _PICTURES[MediaType.JPEG]


def _caption_again(case: Any) -> None:
    if isinstance(case.body, dict) and case.body.get("provider"):
        case.body["provider"] = "local"


def _purge(case: Any) -> None:
    case.body = {"confirm": case.path_parameters["queue"]}


_AMENDS = {
    ("GET", "/v1/images"): _list,
    ("GET", "/auth/logout"): _sign_out,
    ("POST", "/v1/images"): _submit,
    ("POST", "/v1/images/{image_id}/captions"): _caption_again,
    ("POST", "/v1/admin/queues/{queue}/purge"): _purge,
}
