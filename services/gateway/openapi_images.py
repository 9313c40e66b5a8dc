"""The operations on images that are there, and their batches."""

from dataclasses import replace
from http import HTTPStatus

from services.gateway import openapi_examples as examples
from services.gateway.edits import EditRequest
from services.gateway.history import DEFAULT_LIMIT, LIMIT_MAX, SEARCH_MAX
from services.gateway.openapi_parts import (
    BATCH_NAME,
    IF_MATCH,
    IF_NONE_MATCH,
    IMAGE_ID,
    JSON,
    QUOTA,
    Answer,
    Operation,
    Parameter,
    RequestBody,
)
from services.gateway.openapi_problems import JSON_BODY
from services.gateway.recaption import CaptionRequest
from services.gateway.waiting import LONGEST_S
from shared.api import BatchView, ImagePage, ImageView
from shared.media import MediaType
from shared.records import Status

_ORIGINALS = tuple(media_type.content_type for media_type in MediaType)
_AGAIN = Answer(
    HTTPStatus.ACCEPTED,
    "On its way again.",
    ImageView,
    ("Location", "Retry-After", "ETag", *QUOTA),
    examples.QUEUED,
)

IMAGES = (
    Operation(
        "GET",
        "/v1/images",
        "listImages",
        "Images",
        "List and search images",
        (
            Answer(
                HTTPStatus.OK,
                "A page, newest first. A search or filter may answer a short page with a cursor.",
                ImagePage,
                ("ETag",),
                examples.PAGE,
            ),
            Answer(
                HTTPStatus.NOT_MODIFIED,
                "The client has this page, and its URLs open for 15 minutes at least.",
                headers=("ETag",),
            ),
        ),
        "`q` matches captions and labels, whatever the case and the accents.",
        (
            Parameter(
                "limit",
                "query",
                "How many at most.",
                {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": DEFAULT_LIMIT},
            ),
            Parameter("cursor", "query", "The `next_cursor` of the same listing; opaque."),
            Parameter(
                "status", "query", "Only these.", {"type": "string", "enum": [*map(str, Status)]}
            ),
            Parameter("batch", "query", "Only this batch.", BATCH_NAME, "holiday"),
            Parameter(
                "q", "query", "Search text.", {"type": "string", "maxLength": SEARCH_MAX}, "cat"
            ),
            replace(
                IF_NONE_MATCH,
                description="The `ETag` of the page that the client has; an answer that would be "
                "the same is 304.",
                example='W/"0f3a9c.1795352400"',
            ),
        ),
        problems=("invalid_cursor",),
    ),
    Operation(
        "GET",
        "/v1/images/{image_id}",
        "getImage",
        "Images",
        "Read one image",
        (
            Answer(
                HTTPStatus.OK,
                "The image. Parts that are not known yet are `null`.",
                ImageView,
                ("ETag", "Retry-After"),
                examples.COMPLETED,
            ),
            Answer(
                HTTPStatus.NOT_MODIFIED,
                "The client has this version.",
                headers=("ETag", "Retry-After"),
            ),
        ),
        "With `wait` the answer comes as soon as there is news for the client.",
        (
            IMAGE_ID,
            Parameter(
                "wait",
                "query",
                "Seconds to wait for a version past the one in `If-None-Match`, or a terminal "
                "status.",
                {"type": "integer", "minimum": 0, "maximum": LONGEST_S, "default": 0},
            ),
            IF_NONE_MATCH,
        ),
        problems=("not_found",),
    ),
    Operation(
        "PATCH",
        "/v1/images/{image_id}",
        "editImage",
        "Images",
        "Edit the captions",
        (Answer(HTTPStatus.OK, "As edited.", ImageView, ("ETag",), examples.COMPLETED),),
        "Edits win over whatever a worker still writes.",
        (IMAGE_ID, IF_MATCH),
        RequestBody({JSON: EditRequest}, {JSON: examples.EDIT}),
        (*JSON_BODY, "not_found", "not_ready", "precondition_failed"),
    ),
    Operation(
        "DELETE",
        "/v1/images/{image_id}",
        "deleteImage",
        "Images",
        "Delete one image",
        (Answer(HTTPStatus.NO_CONTENT, "It is gone, or was never there."),),
        "The record and every version of its objects go.",
        (IMAGE_ID,),
        problems=("not_found",),
    ),
    Operation(
        "POST",
        "/v1/images/{image_id}/captions",
        "captionAgain",
        "Images",
        "Caption again",
        (_AGAIN,),
        "From the stored image; costs quota. A `provider` that is not configured is refused.",
        (IMAGE_ID,),
        RequestBody({JSON: CaptionRequest}, {JSON: examples.RECAPTION}, required=False),
        (*JSON_BODY, "not_found", "not_ready", "invalid_option", "quota_exceeded"),
    ),
    Operation(
        "POST",
        "/v1/images/{image_id}/retry",
        "retryImage",
        "Images",
        "Try a failed image again",
        (replace(_AGAIN, headers=_AGAIN.headers[:3]),),
        parameters=(IMAGE_ID,),
        problems=("not_found", "not_failed", "not_retryable"),
    ),
    Operation(
        "GET",
        "/v1/images/{image_id}/download",
        "downloadImage",
        "Images",
        "Download the stored original",
        (
            Answer(
                HTTPStatus.OK,
                "The stripped original.",
                {},
                ("Content-Disposition",),
                content_types=_ORIGINALS,
            ),
        ),
        "With `with=captions` they are written into the file's metadata: XMP `dc:description` and "
        "IPTC `AltTextAccessibility`.",
        (
            IMAGE_ID,
            Parameter(
                "with",
                "query",
                "Write the captions into the file.",
                {"type": "string", "enum": ["captions"]},
            ),
        ),
        problems=(
            "not_found",
            "not_ready",
            "metadata_unsupported",
            "too_many_downloads",
            "overloaded",
        ),
    ),
    Operation(
        "GET",
        "/v1/batches/{batch}",
        "getBatch",
        "Images",
        "Count a batch",
        (Answer(HTTPStatus.OK, "How its images stand.", BatchView, example=examples.BATCH),),
        parameters=(Parameter("batch", "path", "The batch.", BATCH_NAME, "holiday"),),
    ),
)
