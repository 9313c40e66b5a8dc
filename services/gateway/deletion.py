"""``DELETE /v1/images/{id}``, ``DELETE /v1/me/data`` and the receipt of the latter."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict

from services.gateway.auth import IDENTITY
from services.gateway.erasure_jobs import Erasure
from services.gateway.identifiers import parse_image_id
from services.gateway.keys import DELETIONS
from services.gateway.parsing import read_json
from services.gateway.problems import Problem, not_found
from services.gateway.transfers import TAKES_ITS_TIME
from shared.api import DeletionCounts, DeletionView
from shared.records import timestamp

PATIENCE_S = 14.0  # the contract's 15 seconds, less what the answer itself takes


class DeletionRequest(BaseModel):
    """The sentence that nobody types by accident."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    confirm: Literal["delete my data"]


async def delete_image(request: web.Request) -> web.Response:
    """Delete one image; whether it was there, and whose it was, the answer does not tell."""
    image_id = parse_image_id(request.match_info["image_id"])
    if image_id is None:
        raise not_found()
    await request.app[DELETIONS].delete_image(request[IDENTITY].user_id, image_id)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def delete_all(request: web.Request) -> web.Response:
    """Delete everything of the caller's; 202 if it takes longer than a client should wait."""
    await read_json(request, DeletionRequest)
    request[TAKES_ITS_TIME] = True
    user_id = request[IDENTITY].user_id
    erasure = await request.app[DELETIONS].delete_all(user_id, patience=PATIENCE_S)
    if erasure.status == "completed":
        return _receipt(erasure, HTTPStatus.OK)
    response = _receipt(erasure, HTTPStatus.ACCEPTED)
    response.headers[hdrs.LOCATION] = f"/v1/me/data/deletions/{erasure.deletion_id}"
    return response


async def get_deletion(request: web.Request) -> web.Response:
    """How the caller's last deletion stands."""
    erasure = await request.app[DELETIONS].latest(request[IDENTITY].user_id)
    if erasure is None or erasure.deletion_id != request.match_info["deletion_id"].lower():
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such deletion.")
    return _receipt(erasure, HTTPStatus.OK)


def receipt_of(erasure: Erasure) -> DeletionView:
    """What the user is told of a deletion, while it runs and after."""
    completed_at = erasure.completed_at
    return DeletionView(
        deletion_id=erasure.deletion_id,
        status=erasure.status,
        deleted=DeletionCounts(
            records=erasure.records,
            objects=erasure.objects,
            object_versions=erasure.object_versions,
        ),
        requested_at=_time(erasure.requested_at),
        completed_at=_time(completed_at) if completed_at is not None else None,
    )


def _receipt(erasure: Erasure, status: HTTPStatus) -> web.Response:
    response = web.Response(
        text=receipt_of(erasure).model_dump_json(), status=status, content_type="application/json"
    )
    if erasure.status == "running":
        response.headers[hdrs.RETRY_AFTER] = "1"
    return response


def _time(seconds: float) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC))
