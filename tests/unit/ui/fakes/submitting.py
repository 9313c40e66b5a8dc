"""New photos: sent through the fake gateway, or posted to its bucket by a form."""

import asyncio
import base64
import hashlib
import json
import time
import uuid
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import BodyPartReader, web

from services.gateway.direct_uploads import DirectUploadRequest
from services.gateway.options import parse_options
from services.gateway.problems import Problem
from shared.api import DirectUploadView
from shared.media import MediaType, media_type_of
from shared.records import timestamp
from tests.unit.ui.fakes.answers import of_model, of_photo, read_json
from tests.unit.ui.fakes.people import User
from tests.unit.ui.fakes.state import STATE, USER, FakeGateway, Upload

LIMIT = 10 * 1024 * 1024  # bytes
_CONTENT_TYPES = frozenset(media_type.content_type for media_type in MediaType)
routes = web.RouteTableDef()


@routes.post("/v1/images")
async def submit(request: web.Request) -> web.Response:
    """The raw form of a submission: the body is the photo, the query its options."""
    gateway, user = request.app[STATE], request[USER]
    data = await request.read()
    gateway.submits += 1
    options = parse_options(request.query).model_dump(exclude_none=True)
    _check(data)
    key = request.headers.get("Idempotency-Key", uuid.uuid4().hex)
    print_of_it = hashlib.sha256(data + json.dumps(options, sort_keys=True).encode()).hexdigest()
    before = gateway.keys.get((user.user_id, key))
    if before is not None:
        return _replayed(request, before, print_of_it)
    gateway.spend(user)
    batch = options.pop("batch", None)
    photo = gateway.keep(gateway.ids.new(), data, owner=user.user_id, batch=batch, options=options)
    gateway.keys[user.user_id, key] = (photo.image_id, print_of_it)
    gateway.move([photo])
    return _counted(of_photo(request, photo, status=HTTPStatus.ACCEPTED), user)


def _check(data: bytes) -> None:
    if not data:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "empty_image", "No bytes at all.")
    if len(data) > LIMIT:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "image_too_large", "Over 10 MiB.")
    if media_type_of(data[:64]) is None:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "No format of ours."
        )


def _replayed(request: web.Request, before: tuple[str, str], print_of_it: str) -> web.Response:
    image_id, first = before
    if first != print_of_it:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused", "Other bytes or options."
        )
    photo = request.app[STATE].photo_of(request[USER].user_id, image_id)
    response = of_photo(request, photo, status=HTTPStatus.ACCEPTED)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _counted(response: web.Response, user: User) -> web.Response:
    response.headers.update(user.headers())
    return response


@routes.post("/v1/uploads")
async def begin_upload(request: web.Request) -> web.Response:
    """A form like the one that the gateway signs."""
    gateway, user = request.app[STATE], request[USER]
    asked = await read_json(request, DirectUploadRequest)
    if asked.bytes == 0:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "empty_image", "No bytes at all.")
    if asked.bytes > LIMIT:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "image_too_large", "Over 10 MiB.")
    if asked.content_type not in _CONTENT_TYPES:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "No such type.")
    gateway.spend(user)
    upload_id = gateway.ids.new()
    upload = Upload(
        owner=user.user_id,
        form=_form(user.user_id, upload_id, asked.content_type),
        length_max=asked.bytes,
        options=asked.options.model_dump(exclude_none=True) if asked.options else {},
        expires_at=time.time() + gateway.upload_life_s,
    )
    gateway.uploads[upload_id] = upload
    view = DirectUploadView(
        upload_id=upload_id,
        url=f"{gateway.url}/bucket",
        fields=upload.form,
        expires_at=timestamp(datetime.fromtimestamp(upload.expires_at, UTC)),
    )
    return _counted(of_model(view, status=HTTPStatus.CREATED), user)


def _form(user_id: str, upload_id: str, content_type: str) -> dict[str, str]:
    key = f"images/{user_id}/{upload_id}/upload"
    return {
        "key": key,
        "Content-Type": content_type,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "fake/20261122/us-east-1/s3/aws4_request",
        "x-amz-date": "20261122T120000Z",
        "policy": base64.b64encode(key.encode()).decode(),
        "x-amz-signature": hashlib.sha256(key.encode()).hexdigest(),
    }


@routes.post("/v1/uploads/{upload_id}/complete")
async def complete_upload(request: web.Request) -> web.Response:
    """The photo that the upload becomes; the same however often it is asked."""
    gateway, user = request.app[STATE], request[USER]
    upload_id = request.match_info["upload_id"]
    upload = gateway.uploads.get(upload_id)
    if upload is None or upload.owner != user.user_id:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such upload.")
    if upload_id not in gateway.images:
        if upload.data is None:
            raise _not_there(upload, user)
        gateway.submits += 1
        options = dict(upload.options)
        batch = options.pop("batch", None)
        gateway.keep(upload_id, upload.data, owner=user.user_id, batch=batch, options=options)
    photo = gateway.photo_of(user.user_id, upload_id)
    return of_photo(request, photo, status=HTTPStatus.ACCEPTED)


def _not_there(upload: Upload, user: User) -> Problem:
    if time.time() <= upload.expires_at:
        return Problem(HTTPStatus.CONFLICT, "upload_missing", "Nothing has been uploaded yet.")
    if not upload.given_up:
        upload.given_up = True
        user.give_back()
    return Problem(HTTPStatus.GONE, "upload_expired", "The upload was not completed in time.")


@routes.options("/bucket")
async def preflight(request: web.Request) -> web.Response:
    """A browser asks whether it may POST: S3 answers by the bucket's CORS rules."""
    if request.headers.get("Access-Control-Request-Method") != "POST":
        return _refused(HTTPStatus.FORBIDDEN, "AccessForbidden")
    asked = request.headers.get("Access-Control-Request-Headers", "")
    headers = {"Access-Control-Allow-Methods": "POST", "Access-Control-Max-Age": "3600"}
    if asked:
        headers["Access-Control-Allow-Headers"] = asked
    return web.Response(headers=headers)


@routes.post("/bucket")
async def take(request: web.Request) -> web.Response:
    """A form with one file, as S3 takes it; everything after the file is ignored."""
    gateway = request.app[STATE]
    fields, data = await _parts(request)
    began = time.monotonic()
    # Looked at again and again: a test that sets it to 0 lets go what is held.
    while time.monotonic() - began < gateway.bucket_delay_s:
        await asyncio.sleep(0.02)
    if gateway.bucket_fails > 0:
        gateway.bucket_fails -= 1
        return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "SlowDown")
    upload = _promised(gateway, fields)
    if upload is None or time.time() > upload.expires_at:
        return _refused(HTTPStatus.FORBIDDEN, "AccessDenied")
    if data is None:
        return _refused(HTTPStatus.BAD_REQUEST, "InvalidArgument")
    if not data:
        return _refused(HTTPStatus.BAD_REQUEST, "EntityTooSmall")
    if len(data) > upload.length_max:
        return _refused(HTTPStatus.BAD_REQUEST, "EntityTooLarge")
    upload.data = data
    return web.Response(status=HTTPStatus.NO_CONTENT, headers={"ETag": '"0123"'})


async def _parts(request: web.Request) -> tuple[dict[str, str], bytes | None]:
    fields: dict[str, str] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "file":
            return fields, bytes(await part.read())
        fields[part.name or ""] = await part.text()
    return fields, None


def _promised(gateway: FakeGateway, fields: dict[str, str]) -> Upload | None:
    """The upload whose form this is, word for word."""
    return next((each for each in gateway.uploads.values() if each.form == fields), None)


def _refused(status: HTTPStatus, code: str) -> web.Response:
    text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"
    return web.Response(text=text, status=status, content_type="application/xml")
