"""``GET /v1/images/{id}``: what became of a photo."""

import re
from http import HTTPStatus

from aiohttp import ETag, hdrs, web
from opentelemetry import trace

from services.gateway.auth import IDENTITY
from services.gateway.identifiers import parse_image_id
from services.gateway.keys import POLLER, RECORDS, VIEWS
from services.gateway.problems import malformed, not_found
from services.gateway.transfers import TAKES_ITS_TIME
from services.gateway.waiting import LONGEST_S
from shared.records import ImageRecord
from shared.telemetry import IMAGE_ID

_PREFERRED_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,4})\"?(?=$|[,;\s])", re.ASCII)
_ANY = "*"


async def get_image(request: web.Request) -> web.Response:
    """One image; 304 if the client has this version. With ``?wait=`` not before there is news."""
    user_id = request[IDENTITY].user_id
    image_id = parse_image_id(request.match_info["image_id"])
    wait = wait_of(request)
    record = await request.app[RECORDS].get(user_id, image_id) if image_id else None
    if record is None:
        raise not_found()
    if wait:
        request[TAKES_ITS_TIME] = True
        record = await _news_of(request, record, wait)
    if _is_known(request, record):
        return _with_state(web.Response(status=HTTPStatus.NOT_MODIFIED), record)
    return await image_response(request, record, status=HTTPStatus.OK)


async def image_response(
    request: web.Request, record: ImageRecord, *, status: HTTPStatus
) -> web.Response:
    """``record`` as a body, with the headers that tell a client when to look again."""
    trace.get_current_span().set_attribute(IMAGE_ID, record.image_id)
    view = await request.app[VIEWS].view(record)
    response = web.Response(
        text=view.model_dump_json(), status=status, content_type="application/json"
    )
    return _with_state(response, record)


def wait_of(request: web.Request) -> int:
    """The seconds a client is ready to wait, from ``?wait=`` or ``Prefer: wait=`` (RFC 7240).

    Raises ``Problem`` 400 for a ``?wait=`` out of range; a preference is cut to what we do.
    """
    asked = request.query.get("wait")
    if asked is not None:
        if not re.fullmatch(r"\d{1,2}", asked, re.ASCII) or int(asked) > LONGEST_S:
            raise malformed("wait", f"not a whole number from 0 to {LONGEST_S}")
        return int(asked)
    preferred = _PREFERRED_WAIT.search(request.headers.get("Prefer", ""))
    return min(int(preferred[1]), LONGEST_S) if preferred else 0


async def _news_of(request: web.Request, record: ImageRecord, wait: int) -> ImageRecord:
    seen = await request.app[POLLER].wait(record, known=_known_version(request, record), limit=wait)
    if seen is not None:
        return seen
    # The record is gone, or DynamoDB did not answer the poller, or we stop: this tells.
    latest = await request.app[RECORDS].get(record.user_id, record.image_id)
    if latest is None:
        raise not_found()
    return latest


def _known_version(request: web.Request, record: ImageRecord) -> int | None:
    """The newest version in ``If-None-Match``; ``*`` stands for the one there is."""
    versions = []
    for tag in request.if_none_match or ():
        if tag.value == _ANY:
            versions.append(record.version)
        elif re.fullmatch(r"\d{1,15}", tag.value, re.ASCII):
            versions.append(int(tag.value))
    return max(versions, default=None)


def _is_known(request: web.Request, record: ImageRecord) -> bool:
    # Weak comparison, as RFC 9110 (13.1.2) has it for this header.
    return any(tag.value in {_ANY, str(record.version)} for tag in request.if_none_match or ())


def _with_state(response: web.Response, record: ImageRecord) -> web.Response:
    response.etag = ETag(str(record.version))
    if not record.status.is_terminal:
        response.headers[hdrs.RETRY_AFTER] = "1"
    return response
