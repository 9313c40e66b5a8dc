"""``GET /v1/images``: the caller's photos, newest first, a page at a time."""

import re
import time
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from services.gateway.auth import IDENTITY
from services.gateway.cursors import InvalidCursor
from services.gateway.keys import CURSORS, RECORDS, VIEWS
from services.gateway.page_tags import kept, tag_of
from services.gateway.problems import Problem, malformed
from services.gateway.search import folded, matches
from shared.api import ImagePage
from shared.record_store import Page, RecordStore
from shared.records import Status

DEFAULT_LIMIT = 20
LIMIT_MAX = 100
SEARCH_READS = 5  # pages of a hundred that one search may read before it answers a short page
_BATCH = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
SEARCH_MAX = 200  # characters

Scope = tuple[str | None, ...]  # a user's id and filters


@dataclass(frozen=True, slots=True)
class Listing:
    """What the client asked to see. ``q`` is folded."""

    limit: int
    status: Status | None
    batch: str | None
    q: str | None

    def scope(self, user_id: str) -> Scope:
        """What a cursor of this listing is good for."""
        return (user_id, self.status, self.batch, self.q)


async def list_images(request: web.Request) -> web.Response:
    """A page of the caller's images, or 304 if the client has it with URLs that open for a while.

    A search or filter may answer a short page with a cursor.
    """
    user_id = request[IDENTITY].user_id
    listing = _listing_of(request)
    scope = listing.scope(user_id)
    views = request.app[VIEWS]
    page = await _read(request.app[RECORDS], user_id, listing, _position(request, scope))
    # Before anything is signed: of two ends, the tag has the earlier one.
    tag = tag_of(page, scope, urls_end=await views.urls_end())
    known = kept(request.if_none_match or (), tag, now=time.time())
    if known is not None:
        response = web.Response(status=HTTPStatus.NOT_MODIFIED)
        response.etag = known
        return response
    following = request.app[CURSORS].seal(page.position, scope=scope) if page.position else None
    body = ImagePage(items=await views.views(page.records), next_cursor=following)
    response = web.Response(text=body.model_dump_json(), content_type="application/json")
    response.etag = tag
    return response


def _position(request: web.Request, scope: Scope) -> str | None:
    if "cursor" not in request.query:
        return None
    try:
        return request.app[CURSORS].open(request.query["cursor"], scope=scope)
    except InvalidCursor as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "invalid_cursor", "The cursor is not of this listing."
        ) from error


def _listing_of(request: web.Request) -> Listing:
    limit = request.query.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(r"\d{1,3}", limit, re.ASCII) or not 1 <= int(limit) <= LIMIT_MAX:
        raise malformed("limit", f"not a whole number from 1 to {LIMIT_MAX}")
    status = request.query.get("status")
    if status is not None and status not in list(Status):
        raise malformed("status", f"not one of {', '.join(Status)}")
    batch = request.query.get("batch")
    if batch is not None and not _BATCH.fullmatch(batch):
        raise malformed("batch", "not 1 to 64 characters of [A-Za-z0-9_.-]")
    q = request.query.get("q", "")
    if len(q) > SEARCH_MAX:
        raise malformed("q", f"longer than {SEARCH_MAX} characters")
    return Listing(int(limit), Status(status) if status else None, batch, folded(q.strip()) or None)


async def _read(records: RecordStore, user_id: str, listing: Listing, position: str | None) -> Page:
    if listing.q is None:
        return await records.page(
            user_id,
            limit=listing.limit,
            position=position,
            status=listing.status,
            batch=listing.batch,
        )
    return await _search(records, user_id, listing, listing.q, position)


async def _search(
    records: RecordStore, user_id: str, listing: Listing, q: str, position: str | None
) -> Page:
    """Read until the page is full, the history ends or enough has been read."""
    found = []
    for _ in range(SEARCH_READS):
        page = await records.page(
            user_id,
            limit=LIMIT_MAX,
            position=position,
            status=listing.status,
            batch=listing.batch,
        )
        for item, record in zip(page.items, page.records, strict=True):
            if matches(record, q):
                found.append(item)
                if len(found) == listing.limit:
                    return Page(found, record.image_id)
        position = page.position
        if position is None:
            break
    return Page(found, position)
