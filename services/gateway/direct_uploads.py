"""``/v1/uploads``: a form that uploads one photo to the bucket, and the image made of it.

The bytes never pass through the gateway. What S3 checks is in the form's policy: where, how much,
and the type that was announced; what the bytes are, ingest sees.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from aiohttp import hdrs, web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.gateway.auth import IDENTITY
from services.gateway.bodies import IMAGE_LIMIT, too_large
from services.gateway.identifiers import parse_image_id
from services.gateway.images import image_response
from services.gateway.keys import FORMS, PENDING_UPLOADS, RESTARTS, SETTINGS
from services.gateway.options import BatchName, Language, Style
from services.gateway.parsing import read_json
from services.gateway.pending_uploads import UploadExpired, UploadMissing, UploadUnknown
from services.gateway.problems import Problem
from services.gateway.quota import give_back, spend
from services.gateway.usage import REPEATED
from shared.api import DirectUploadView
from shared.contracts import CaptionOptions
from shared.media import MediaType
from shared.records import timestamp

_CONTENT_TYPES = frozenset(media_type.content_type for media_type in MediaType)


def _whole(value: object) -> object:
    """``5.0`` is an integer in JSON Schema (2020-12, 6.1.1), as RFC 8259 has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class DirectUploadOptions(BaseModel):
    """The options of an upload, as fields of JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    labels: bool | None = None
    language: Language | None = None
    style: Style | None = None
    batch: BatchName | None = None
    keep_exif: bool | None = None

    def caption_options(self, *, labels_default: bool) -> CaptionOptions:
        """What goes with the job."""
        return CaptionOptions(
            labels=labels_default if self.labels is None else self.labels,
            language=self.language or "en",
            style=self.style or None,
            keep_exif=bool(self.keep_exif),
        )


class DirectUploadRequest(BaseModel):
    """What is going to be uploaded: at most ``bytes`` of ``content_type``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    content_type: str = Field(
        min_length=1, max_length=100, json_schema_extra={"enum": [*sorted(_CONTENT_TYPES)]}
    )
    bytes: Annotated[int, BeforeValidator(_whole)] = Field(
        ge=0, json_schema_extra={"minimum": 1, "maximum": IMAGE_LIMIT}
    )
    options: DirectUploadOptions | None = None


async def begin_upload(request: web.Request) -> web.Response:
    """A form for one photo, for a unit of quota; 201.

    Raises ``Problem``: 413 ``image_too_large``, 415 ``unsupported_media_type``, 422
    ``empty_image``, 429 ``quota_exceeded``.
    """
    user_id = request[IDENTITY].user_id
    asked = await read_json(request, DirectUploadRequest)
    _check(asked)
    options = asked.options or DirectUploadOptions()
    spent = await spend(request)
    try:
        upload_id, form = await request.app[FORMS].form(
            user_id, content_type=asked.content_type, length_max=asked.bytes
        )
        await request.app[PENDING_UPLOADS].promise(
            user_id,
            upload_id,
            epoch=spent.epoch,
            expires_at=form.expires_at,
            options=options.caption_options(labels_default=request.app[SETTINGS].labels_default),
            batch=options.batch,
        )
    except BaseException:
        await give_back(request)
        raise
    view = DirectUploadView(
        upload_id=upload_id,
        url=form.url,
        fields=form.fields,
        expires_at=timestamp(datetime.fromtimestamp(form.expires_at, UTC)),
    )
    return web.Response(
        text=view.model_dump_json(), status=HTTPStatus.CREATED, content_type="application/json"
    )


async def complete_upload(request: web.Request) -> web.Response:
    """The image that the upload becomes; 202, the same however often it is asked.

    Raises ``Problem``: 404 ``not_found``, 409 ``upload_missing``, 410 ``upload_expired``.
    """
    user_id = request[IDENTITY].user_id
    upload_id = parse_image_id(request.match_info["upload_id"])
    if upload_id is None:
        raise _unknown()
    try:
        record, new = await request.app[PENDING_UPLOADS].complete(user_id, upload_id)
    except UploadUnknown as error:
        raise _unknown() from error
    except UploadMissing as error:
        raise Problem(
            HTTPStatus.CONFLICT, "upload_missing", "Nothing has been uploaded yet."
        ) from error
    except UploadExpired as error:
        raise Problem(
            HTTPStatus.GONE,
            "upload_expired",
            "The upload was not completed in time. Its unit of quota has been given back.",
        ) from error
    if new:
        await request.app[RESTARTS].send(record)
    else:
        request[REPEATED] = True
    response = await image_response(request, record, status=HTTPStatus.ACCEPTED)
    response.headers[hdrs.LOCATION] = f"/v1/images/{record.image_id}"
    return response


def _unknown() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such upload.")


def _check(asked: DirectUploadRequest) -> None:
    if asked.bytes == 0:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "empty_image", "The image has no bytes at all."
        )
    if asked.bytes > IMAGE_LIMIT:
        raise too_large()
    if asked.content_type not in _CONTENT_TYPES:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The type is none of JPEG, PNG, WebP, GIF, HEIC, HEIF, AVIF and TIFF.",
        )
