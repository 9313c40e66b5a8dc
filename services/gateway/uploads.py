"""``POST /v1/images``: a photo in, one of two ways."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import hdrs, web

from services.gateway.auth import IDENTITY
from services.gateway.bodies import Upload, read_upload, room_for
from services.gateway.idempotency import REPLAYED_HEADER, key_of
from services.gateway.images import image_response
from services.gateway.keys import BUDGET, SETTINGS, SUBMISSIONS
from services.gateway.middleware import send_continue
from services.gateway.options import SubmitOptions, invalid_options, parse_options
from services.gateway.problems import Problem
from services.gateway.quota import tell
from services.gateway.submissions import Begun, Photo
from services.gateway.usage import REPEATED
from shared.api import FieldFault
from shared.media import HEAD_BYTES, MediaType, media_type_of


async def submit_image(request: web.Request) -> web.Response:
    """Take a photo in; 202 once its bytes and its job are durable."""
    user_id = request[IDENTITY].user_id
    # Before the body: what the headers and the query already tell.
    key = key_of(request)
    _options(request, {})
    room = room_for(request)
    submissions = request.app[SUBMISSIONS]
    async with request.app[BUDGET].reserve(user_id, room):
        begun = await submissions.begin(user_id, has_key=key is not None)
        try:
            photo = await _photo(request, begun, room=room, key=key)
        except BaseException:
            await submissions.abandon(begun)
            raise
        submitted = await submissions.submit(photo)
    tell(request, submitted.bucket)
    record = submitted.record
    response = await image_response(request, record, status=HTTPStatus.ACCEPTED)
    response.headers[hdrs.LOCATION] = f"/v1/images/{record.image_id}"
    if submitted.is_replay:
        response.headers[REPLAYED_HEADER] = "true"
        request[REPEATED] = True
    return response


async def _photo(request: web.Request, begun: Begun, *, room: int, key: str | None) -> Photo:
    upload = await _receive(request, room)
    options = _options(request, upload.fields)
    return Photo(
        image=upload.image,
        sha256=upload.sha256,
        media_type=_media_type(upload),
        options=options.caption_options(labels_default=request.app[SETTINGS].labels_default),
        batch=options.batch,
        idempotency_key=key,
        begun=begun,
    )


async def _receive(request: web.Request, room: int) -> Upload:
    await send_continue(request)
    try:
        async with asyncio.timeout(request.app[SETTINGS].body_timeout_s):
            return await read_upload(request, room=room)
    except TimeoutError as error:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT, "body_timeout", "The body took too long to arrive."
        ) from error


def _options(request: web.Request, fields: Mapping[str, str]) -> SubmitOptions:
    given = [*request.query.items(), *fields.items()]
    repeated = sorted(name for name, times in Counter(n for n, _ in given).items() if times > 1)
    if repeated:
        raise invalid_options(
            [FieldFault(pointer=name[:64], message="given more than once") for name in repeated]
        )
    return parse_options(dict(given))


def _media_type(upload: Upload) -> MediaType:
    if not upload.image:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "empty_image", "The image has no bytes at all."
        )
    media_type = media_type_of(bytes(upload.image[:HEAD_BYTES]))
    if media_type is None:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The content is none of JPEG, PNG, WebP, GIF, HEIC, HEIF, AVIF and TIFF.",
        )
    return media_type
