"""Photos as their owner reads them: one, a page of them, a batch's counts, the files."""

import asyncio
import base64
import hashlib
import json
import re
import time
from http import HTTPStatus

from aiohttp import ETag, web

from services.gateway.embedding import embed, takes_captions
from services.gateway.page_tags import kept
from services.gateway.problems import Problem, malformed
from services.gateway.search import folded
from services.gateway.transfers import attachment
from services.gateway.xmp import packet_of
from shared.api import BatchCounts, BatchView
from shared.records import Status
from tests.unit.ui.fakes.answers import of_model, of_photo, with_version
from tests.unit.ui.fakes.photos import Photo
from tests.unit.ui.fakes.state import STATE, USER

_BATCH = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
LONGEST_S = 20
_POLL_S = 0.02
routes = web.RouteTableDef()


@routes.get("/v1/images")
async def list_images(request: web.Request) -> web.Response:
    """A page, newest first; 304 where the client has it."""
    gateway, query = request.app[STATE], request.query
    gateway.lists += 1
    limit = _limit(query.get("limit", "20"))
    scope = [request[USER].user_id, query.get("status"), query.get("batch"), query.get("q")]
    found = [p for p in gateway.photos_of(request[USER].user_id) if _is_wanted(p, request)]
    if "cursor" in query:
        last = _opened(query["cursor"], scope)
        found = [photo for photo in found if photo.image_id < last]
    page = found[:limit]
    cursor = _sealed(scope, page[-1].image_id) if len(found) > limit else None
    etag = _etag(scope, page, cursor)
    if kept(request.if_none_match or (), etag, now=time.time()) is not None:
        response = web.Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        items = [photo.view(gateway.url).model_dump(mode="json") for photo in page]
        response = web.json_response({"items": items, "next_cursor": cursor})
    response.etag = etag
    return response


def _limit(text: str) -> int:
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII) or not 1 <= int(text) <= 100:
        raise malformed("limit", "not a whole number from 1 to 100")
    return int(text)


def _is_wanted(photo: Photo, request: web.Request) -> bool:
    status, batch = request.query.get("status"), request.query.get("batch")
    if status is not None and status not in list(Status):
        raise malformed("status", "not a status")
    if batch is not None and not _BATCH.fullmatch(batch):
        raise malformed("batch", "not the name of a batch")
    wanted = folded(request.query.get("q", "").strip())
    return status in {None, photo.status} and batch in {None, photo.batch} and _has(photo, wanted)


def _has(photo: Photo, wanted: str) -> bool:
    captions = photo.captions()
    texts = [captions.concise, captions.creative, captions.alt_text] if captions else []
    texts += [label.name for label in photo.labels() or []]
    return not wanted or any(wanted in folded(text) for text in texts)


def _sealed(scope: list[str | None], image_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([scope, image_id]).encode()).decode()


def _opened(cursor: str, scope: list[str | None]) -> str:
    try:
        of, image_id = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        of, image_id = None, ""
    if of != scope:
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid_cursor", "Not of this listing.")
    return str(image_id)


def _etag(scope: list[str | None], page: list[Photo], cursor: str | None) -> ETag:
    """As the gateway makes it: what is on the page, and until when its URLs open."""
    told = json.dumps([scope, cursor, [[photo.image_id, photo.version] for photo in page]])
    digest = hashlib.sha256(told.encode()).hexdigest()[:32]
    return ETag(f"{digest}.{int(time.time()) + 3600}", is_weak=True)


@routes.get("/v1/images/{image_id}")
async def get_image(request: web.Request) -> web.Response:
    """One photo, with ``?wait=`` not before there is news."""
    gateway, user = request.app[STATE], request[USER]
    photo = gateway.photo_of(user.user_id, request.match_info["image_id"])
    known = [tag.value for tag in request.if_none_match or ()]
    until = time.monotonic() + _wait(request.query.get("wait", "0"))
    while time.monotonic() < until and not _is_news(photo, known):
        await asyncio.sleep(_POLL_S)
        photo = gateway.photo_of(user.user_id, photo.image_id)
    if "*" in known or str(photo.version) in known:
        return with_version(web.Response(status=HTTPStatus.NOT_MODIFIED), photo)
    return of_photo(request, photo)


def _wait(text: str) -> int:
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII) or int(text) > LONGEST_S:
        raise malformed("wait", f"not a whole number from 0 to {LONGEST_S}")
    return int(text)


def _is_news(photo: Photo, known: list[str]) -> bool:
    versions = [int(tag) for tag in known if tag.isdecimal()]
    return photo.status.is_terminal or (bool(versions) and photo.version > max(versions))


@routes.get("/v1/batches/{batch}")
async def get_batch(request: web.Request) -> web.Response:
    """The counts of a batch; one that nobody used is there, with zeros."""
    name = request.match_info["batch"]
    if not _BATCH.fullmatch(name):
        raise malformed("batch", "not the name of a batch")
    photos = request.app[STATE].photos_of(request[USER].user_id)
    statuses = [str(photo.status) for photo in photos if photo.batch == name]
    counts = {status: statuses.count(status) for status in set(statuses)}
    return of_model(BatchView(batch=name, counts=BatchCounts(total=len(statuses), **counts)))


@routes.get("/v1/images/{image_id}/download")
async def download(request: web.Request) -> web.Response:
    """The original; ``?with=captions`` writes them into it, by the gateway's own writers."""
    photo = request.app[STATE].photo_of(request[USER].user_id, request.match_info["image_id"])
    media_type = photo.media_type
    if not photo.is_prepared or media_type is None:
        raise _not_ready(photo)
    data = photo.data
    if request.query.get("with") == "captions":
        captions = photo.captions()
        if not takes_captions(media_type):
            raise Problem(HTTPStatus.CONFLICT, "metadata_unsupported", "JPEG, PNG and WebP only.")
        if captions is None:
            raise _not_ready(photo)
        packet = packet_of(captions, [label.name for label in photo.labels() or []])
        data = b"".join(embed(data, media_type, packet))
    name = attachment(f"{photo.image_id}.{media_type.extension}")
    return web.Response(
        body=data,
        content_type=media_type.content_type,
        headers={"Content-Disposition": name},
    )


def _not_ready(photo: Photo) -> Problem:
    wait = None if photo.status.is_terminal else 1
    return Problem(
        HTTPStatus.CONFLICT, "not_ready", f"The image is {photo.status}.", retry_after=wait
    )


@routes.get("/thumbnails/{image_id}")
async def thumbnail(request: web.Request) -> web.Response:
    """What a presigned URL opens, without a token."""
    photo = request.app[STATE].images.get(request.match_info["image_id"])
    if photo is None:
        raise web.HTTPForbidden
    return web.Response(body=photo.thumbnail, content_type="image/jpeg")


@routes.get("/originals/{image_id}")
async def original(request: web.Request) -> web.Response:
    """As for the thumbnail."""
    photo = request.app[STATE].images.get(request.match_info["image_id"])
    if photo is None or photo.media_type is None:
        raise web.HTTPForbidden
    return web.Response(body=photo.data, content_type=photo.media_type.content_type)
