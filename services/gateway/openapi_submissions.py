"""The operations that take a photo in: through the gateway, or past it."""

from http import HTTPStatus
from typing import Any

from services.gateway import openapi_examples as examples
from services.gateway.direct_uploads import DirectUploadRequest
from services.gateway.openapi_parts import (
    FORM,
    IDEMPOTENCY_KEY,
    IMAGE_ID,
    JSON,
    QUOTA,
    Answer,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)
from services.gateway.openapi_problems import JSON_BODY
from services.gateway.options import SubmitOptions
from shared.api import DirectUploadView, ImageView
from shared.media import MediaType

_TYPES = tuple(each.content_type for each in MediaType)
_OPTION_TEXTS = {
    "labels": "Whether to name what is in the photo; the default is a setting of the service.",
    "language": "Language of the captions, a BCP 47 tag.",
    "style": "Free text: advice to the caption model.",
    "batch": "Groups images.",
    "keep_exif": "Whether to keep when and with which camera the photo was taken; never where.",
}


def _option_schemas() -> dict[str, dict[str, Any]]:
    """The upload's options from their model, without the ``null`` that no form can send."""
    schemas: dict[str, dict[str, Any]] = {}
    for name, described in SubmitOptions.model_json_schema()["properties"].items():
        alternatives = described.get("anyOf", [described])
        schemas[name] = next(each for each in alternatives if each.get("type") != "null") | {
            "description": _OPTION_TEXTS[name]
        }
        schemas[name].pop("title", None)
    return schemas


_OPTIONS = _option_schemas()
_FORM: Schema = {
    "type": "object",
    "properties": {
        "image": {
            "description": "The file, at most 10 MiB. Its content decides its type.",
            "contentMediaType": "application/octet-stream",
        },
        **_OPTIONS,
    },
    "required": ["image"],
    "additionalProperties": False,
}
_RAW: Schema = {"contentMediaType": "application/octet-stream"}
_ACCEPTED = Answer(
    HTTPStatus.ACCEPTED,
    "Taken: its bytes and its job are durable.",
    ImageView,
    ("Location", "Retry-After", "ETag", *QUOTA),
    examples.QUEUED,
)
_IMAGE_LINKS: dict[str, Schema] = {
    operation: {
        "operationId": operation,
        "parameters": {"image_id": "$response.body#/image_id"},
        "description": description,
    }
    for operation, description in {
        "getImage": "Follow the image until its status is terminal.",
        "editImage": "Change its captions, once it is completed.",
        "captionAgain": "Caption it again, once it is completed.",
        "retryImage": "Try again, if it failed.",
        "downloadImage": "Get the original, with its captions inside.",
        "deleteImage": "Delete it.",
    }.items()
}
_UPLOAD_LINKS: dict[str, Schema] = {
    "completeUpload": {
        "operationId": "completeUpload",
        "parameters": {"upload_id": "$response.body#/upload_id"},
        "description": "Once the form was sent to the store.",
    }
}

SUBMISSIONS = (
    Operation(
        "POST",
        "/v1/images",
        "submitImage",
        "Images",
        "Submit an image",
        (
            Answer(
                _ACCEPTED.status,
                _ACCEPTED.description,
                ImageView,
                (*_ACCEPTED.headers, "Idempotency-Replayed"),
                examples.QUEUED,
            ),
        ),
        "As a form with the part `image`, or as raw bytes with the options in the query. An option "
        "is given once: in the query or in the form.",
        (
            *(
                Parameter(name, "query", str(schema["description"]), schema)
                for name, schema in _OPTIONS.items()
            ),
            IDEMPOTENCY_KEY,
        ),
        RequestBody({FORM: _FORM, **dict.fromkeys(_TYPES, _RAW)}, file_types=_TYPES),
        (
            "body_timeout",
            "idempotency_in_flight",
            "image_too_large",
            "unsupported_media_type",
            "invalid_option",
            "empty_image",
            "idempotency_key_reused",
            "quota_exceeded",
            "too_many_uploads",
            "overloaded",
        ),
        links=_IMAGE_LINKS,
    ),
    Operation(
        "POST",
        "/v1/uploads",
        "startUpload",
        "Direct upload",
        "Ask for a place to upload to",
        (Answer(HTTPStatus.CREATED, "A presigned POST.", DirectUploadView, QUOTA, examples.FORM),),
        "For a client that sends its bytes to the store itself. Spends the quota unit.",
        (),
        RequestBody({JSON: DirectUploadRequest}, {JSON: examples.DIRECT_UPLOAD}),
        (*JSON_BODY, "image_too_large", "empty_image", "quota_exceeded"),
        links=_UPLOAD_LINKS,
    ),
    Operation(
        "POST",
        "/v1/uploads/{upload_id}/complete",
        "completeUpload",
        "Direct upload",
        "Say that the bytes are there",
        (_ACCEPTED,),
        "Asked twice, it answers the same.",
        (Parameter("upload_id", "path", "The upload's id.", IMAGE_ID.schema, IMAGE_ID.example),),
        problems=("not_found", "upload_missing", "upload_expired"),
        links=_IMAGE_LINKS,
    ),
)
