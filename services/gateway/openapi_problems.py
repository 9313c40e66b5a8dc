"""Every problem code of the contract, with its status: what a program may branch on."""

from http import HTTPStatus
from types import MappingProxyType

_TRY_LATER = "Wait for the seconds in `Retry-After`, then send the same request again."

CODES = MappingProxyType(
    {
        "malformed_request": (HTTPStatus.BAD_REQUEST, "A parameter or the body makes no sense."),
        "invalid_cursor": (HTTPStatus.BAD_REQUEST, "The cursor is not of this listing."),
        "invalid_token": (HTTPStatus.UNAUTHORIZED, "A valid bearer token is needed."),
        "forbidden": (HTTPStatus.FORBIDDEN, "Only members of the group `admins` may do this."),
        "not_found": (HTTPStatus.NOT_FOUND, "There is no such thing, or it is somebody else's."),
        "body_timeout": (HTTPStatus.REQUEST_TIMEOUT, "The body took too long to arrive."),
        "idempotency_in_flight": (
            HTTPStatus.CONFLICT,
            f"The first request with this key is not answered yet. {_TRY_LATER}",
        ),
        "metadata_unsupported": (
            HTTPStatus.CONFLICT,
            "Captions can be written into JPEG, PNG and WebP only.",
        ),
        "not_failed": (HTTPStatus.CONFLICT, "Only a failed image can be tried again."),
        "not_retryable": (HTTPStatus.CONFLICT, "Another try can't succeed: send it again."),
        "not_ready": (HTTPStatus.CONFLICT, "The image is still being worked on."),
        "upload_missing": (HTTPStatus.CONFLICT, "Nothing was uploaded yet."),
        "upload_expired": (HTTPStatus.GONE, "The upload was not completed in time."),
        "precondition_failed": (
            HTTPStatus.PRECONDITION_FAILED,
            "The image has changed since the version in `If-Match`.",
        ),
        "image_too_large": (
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The image is larger than 10 MiB.",
        ),
        "request_entity_too_large": (
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The body is larger than this operation takes.",
        ),
        "unsupported_media_type": (
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "The content is none of the formats that are taken.",
        ),
        "invalid_option": (
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "An option is unknown, repeated or has a value we can't use.",
        ),
        "invalid_field": (
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "A field is unknown, missing or has a value we can't use.",
        ),
        "not_confirmed": (
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "`confirm` is not the name of the queue: nothing was deleted.",
        ),
        "empty_image": (HTTPStatus.UNPROCESSABLE_ENTITY, "The image has no bytes at all."),
        "idempotency_key_reused": (
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The key was used with other bytes or options.",
        ),
        "request_header_fields_too_large": (
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "The address or a header is too long, or there are too many headers.",
        ),
        "quota_exceeded": (
            HTTPStatus.TOO_MANY_REQUESTS,
            f"The captions of this window are used up. {_TRY_LATER}",
        ),
        "too_many_uploads": (
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Too many uploads of this user are in flight. {_TRY_LATER}",
        ),
        "too_many_downloads": (
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Too many downloads of this user are running. {_TRY_LATER}",
        ),
        "rate_limited": (
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Too many requests. {_TRY_LATER}",
        ),
        "internal_error": (HTTPStatus.INTERNAL_SERVER_ERROR, "Our mistake. It has been logged."),
        "dependency_unavailable": (
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"A service we depend on does not answer. {_TRY_LATER}",
        ),
        "overloaded": (HTTPStatus.SERVICE_UNAVAILABLE, f"Too much is in flight. {_TRY_LATER}"),
    }
)

RETRYABLE = frozenset(
    {
        "idempotency_in_flight",
        "quota_exceeded",
        "too_many_uploads",
        "too_many_downloads",
        "rate_limited",
        "dependency_unavailable",
        "overloaded",
    }
)

# What any operation under /v1 may answer, and any operation at all.
SIGNED_IN = ("invalid_token", "dependency_unavailable")
ANYWHERE = (
    "malformed_request",
    "rate_limited",
    "request_header_fields_too_large",
    "internal_error",
    "overloaded",
)
# What any body of JSON may be told.
JSON_BODY = (
    "body_timeout",
    "request_entity_too_large",
    "unsupported_media_type",
    "invalid_field",
)
