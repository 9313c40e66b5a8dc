"""What an owner does to a photo that is there: edit, have it captioned again, retry, delete."""

from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from services.gateway.edits import EditRequest
from services.gateway.identifiers import parse_image_id
from services.gateway.problems import Problem, not_found
from services.gateway.recaption import CaptionRequest
from shared.records import Status, timestamp
from tests.unit.ui.fakes.answers import of_photo, read_json
from tests.unit.ui.fakes.photos import PREPARED, Photo
from tests.unit.ui.fakes.state import STATE, USER

routes = web.RouteTableDef()


@routes.patch("/v1/images/{image_id}")
async def edit(request: web.Request) -> web.Response:
    """The owner's words, if the photo has the version that ``If-Match`` names."""
    asked = await read_json(request, EditRequest)
    photo = _photo(request)
    wanted = [tag.value for tag in request.if_match or () if not tag.is_weak]
    if request.if_match and not {"*", str(photo.version)} & set(wanted):
        raise Problem(
            HTTPStatus.PRECONDITION_FAILED, "precondition_failed", "The image has changed."
        )
    if photo.status is not Status.COMPLETED:
        raise _not_ready(photo)
    photo.edits |= asked.captions.model_dump(exclude_none=True)
    photo.edited_at = timestamp(datetime.now(UTC))
    photo.touch()
    return of_photo(request, photo)


@routes.post("/v1/images/{image_id}/captions")
async def caption_again(request: web.Request) -> web.Response:
    """Other texts, for a unit of quota; edits end here."""
    gateway, user = request.app[STATE], request[USER]
    asked = await read_json(request, CaptionRequest) if request.can_read_body else CaptionRequest()
    photo = _photo(request)
    if not photo.status.is_terminal or not photo.is_prepared:
        raise _not_ready(photo)
    gateway.spend(user)
    given = {"language": asked.language, "style": asked.style}
    photo.options = {**photo.options, **{k: v for k, v in given.items() if v is not None}}
    photo.provider, photo.take = asked.provider, photo.take + 1
    photo.edits, photo.edited_at, photo.code = {}, None, None
    photo.begin(PREPARED)
    gateway.move([photo])
    response = of_photo(request, photo, status=HTTPStatus.ACCEPTED)
    response.headers.update(user.headers())
    return response


@routes.post("/v1/images/{image_id}/retry")
async def retry(request: web.Request) -> web.Response:
    """Another try for nothing, which helps."""
    photo = _photo(request)
    if photo.status is not Status.FAILED:
        raise Problem(HTTPStatus.CONFLICT, "not_failed", f"The image is {photo.status}.")
    if not photo.retryable:
        raise Problem(HTTPStatus.CONFLICT, "not_retryable", "Another try can't succeed.")
    prepared = photo.is_prepared
    photo.code = None
    photo.begin(PREPARED if prepared else 0)
    request.app[STATE].move([photo])
    return of_photo(request, photo, status=HTTPStatus.ACCEPTED)


@routes.delete("/v1/images/{image_id}")
async def delete(request: web.Request) -> web.Response:
    """Gone for good; whether it was there, the answer does not tell."""
    image_id = parse_image_id(request.match_info["image_id"])
    if image_id is None:
        raise not_found()
    photo = request.app[STATE].images.get(image_id)
    if photo is not None and photo.owner == request[USER].user_id:
        del request.app[STATE].images[image_id]
        request.app[STATE].uploads.pop(image_id, None)
    return web.Response(status=HTTPStatus.NO_CONTENT)


def _photo(request: web.Request) -> Photo:
    return request.app[STATE].photo_of(request[USER].user_id, request.match_info["image_id"])


def _not_ready(photo: Photo) -> Problem:
    wait = None if photo.status.is_terminal else 1
    return Problem(
        HTTPStatus.CONFLICT, "not_ready", f"The image is {photo.status}.", retry_after=wait
    )
