"""``GET /v1/me/export``: everything of a user's as a ZIP, or as several, made while it is sent.

Memory does not grow with the photos: what is held is the records, and 64 KiB of one original.
"""

from contextlib import aclosing
from datetime import UTC, datetime

from aiohttp import hdrs, web

from services.gateway.auth import IDENTITY
from services.gateway.export_archive import archived
from services.gateway.export_parts import accepted_in_parts, records_of_part
from services.gateway.keys import EXPORTS, OBJECTS, RECORDS, VIEWS
from services.gateway.transfers import attachment, send
from shared.record_store import RecordStore
from shared.records import ImageRecord

# At once in this process, and of one user: each holds one of the connections to S3.
EXPORTS_AT_ONCE = 8
EXPORTS_PER_USER = 1
IMAGES_MAX = 500  # the contract's limit for one stream
_PAGE = 100


async def export(request: web.Request) -> web.StreamResponse:
    """The caller's images, captions and originals as a ZIP; above 500 images, 202 with the place
    where the parts are listed.
    """
    user_id = request[IDENTITY].user_id
    with request.app[EXPORTS].slot(user_id):
        records = await _all_records(request.app[RECORDS], user_id)
        if records is None:
            return accepted_in_parts()
        return await _send(request, records, "captions")


async def export_part(request: web.Request) -> web.StreamResponse:
    """One part of an export, as its URL names it."""
    number = request.match_info["part"]
    with request.app[EXPORTS].slot(request[IDENTITY].user_id):
        return await _send(request, await records_of_part(request), f"captions-part-{number}")


async def _send(request: web.Request, records: list[ImageRecord], name: str) -> web.StreamResponse:
    views = await request.app[VIEWS].views(records)
    now = datetime.now(UTC)
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_DISPOSITION: attachment(f"{name}-{now:%Y-%m-%d}.zip"),
            hdrs.CONTENT_TYPE: "application/zip",
        }
    )
    async with aclosing(archived(request.app[OBJECTS], records, views, now=now)) as chunks:
        return await send(request, response, chunks)


async def _all_records(store: RecordStore, user_id: str) -> list[ImageRecord] | None:
    """The user's records, newest first; ``None`` if there are more than fit into one stream."""
    records: list[ImageRecord] = []
    position = None
    while True:
        page = await store.page(user_id, limit=_PAGE, position=position)
        records += page.records
        position = page.position
        if len(records) > IMAGES_MAX:
            return None
        if position is None:
            return records
