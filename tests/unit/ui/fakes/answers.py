"""How the fake gateway's handlers read a request and put an answer."""

from http import HTTPStatus
from typing import TypeVar

from aiohttp import ETag, web
from pydantic import BaseModel

from services.gateway.parsing import parse_object, validated
from tests.unit.ui.fakes.photos import Photo
from tests.unit.ui.fakes.state import STATE

M = TypeVar("M", bound=BaseModel)


async def read_json(request: web.Request, model: type[M]) -> M:
    """The body, checked by the gateway's own model."""
    return validated(parse_object(await request.read()), model)


def of_model(
    body: BaseModel, *, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        text=body.model_dump_json(), status=status, content_type="application/json", headers=headers
    )


def of_photo(
    request: web.Request, photo: Photo, *, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    """A photo with its version, and a field that the contract doesn't have yet."""
    body = photo.view(request.app[STATE].url).model_dump(mode="json")
    response = web.json_response(body | {"a_field_from_the_future": {"x": 1}}, status=status)
    if status is HTTPStatus.ACCEPTED:
        response.headers["Location"] = f"/v1/images/{photo.image_id}"
    return with_version(response, photo)


def with_version(response: web.Response, photo: Photo) -> web.Response:
    response.etag = ETag(str(photo.version))
    if not photo.status.is_terminal:
        response.headers["Retry-After"] = "1"
    return response
