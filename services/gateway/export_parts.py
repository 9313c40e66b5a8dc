"""``GET /v1/me/exports/{id}``: an export above 500 images, in parts that are made when fetched.

Nothing is stored. The id is a UUIDv7: what was sent in before the moment it holds is in the export,
and a day after it the export is over. A part's URL names the images it lies between, so parts stay
disjoint and complete whatever is deleted meanwhile; and what is deleted is in no part any more.
"""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from aiohttp import hdrs, web

from services.gateway.auth import IDENTITY
from services.gateway.identifiers import ImageIds, parse_image_id
from services.gateway.keys import RECORDS
from services.gateway.problems import Problem, malformed
from shared.api import ExportPartView, ExportView
from shared.record_store import RecordStore
from shared.records import ImageRecord, timestamp

PART_IMAGES = 500
PART_BYTES = 2 * 1000**3  # the contract's limit
KEPT_S = 24 * 3600
# Of a part beside the originals, for each: its two headers, its JSON and its row, packed.
ENTRY_BYTES = 32 * 1024
_PAGE = 100


@dataclass(slots=True)
class _Part:
    after: str
    through: str
    images: int = 0
    bytes: int = 0

    def has_room_for(self, size: int) -> bool:
        return self.images < PART_IMAGES and self.bytes + size <= PART_BYTES


@dataclass(slots=True)
class _Parts:
    """Cuts a listing, newest first, into parts."""

    start: str
    parts: list[_Part] = field(default_factory=list)

    def add(self, record: ImageRecord) -> None:
        size = ENTRY_BYTES + (record.original.bytes if record.original else 0)
        if not self.parts or not self.parts[-1].has_room_for(size):
            after = self.parts[-1].through if self.parts else self.start
            self.parts.append(_Part(after=after, through=record.image_id))
        part = self.parts[-1]
        part.through = record.image_id
        part.images += 1
        part.bytes += size


def accepted_in_parts() -> web.Response:
    """The 202 that names a new export."""
    export_id = ImageIds().new()
    response = _answer(_view(export_id), HTTPStatus.ACCEPTED)
    response.headers[hdrs.LOCATION] = f"/v1/me/exports/{export_id}"
    return response


async def get_export(request: web.Request) -> web.Response:
    """The parts of an export and where to get them."""
    export_id = _live_export(request)
    cut = _Parts(export_id)
    async for record in _before(request.app[RECORDS], request[IDENTITY].user_id, export_id):
        cut.add(record)
    return _answer(_view(export_id, list(_part_views(export_id, cut.parts))), HTTPStatus.OK)


async def records_of_part(request: web.Request) -> list[ImageRecord]:
    """The records that the URL of a part names: those after ``after`` up to ``through``.

    Raises ``Problem``: 404 for an export that is over, 400 for a URL that is not of our making.
    """
    _live_export(request)
    bounds = [parse_image_id(request.query.get(name, "")) for name in ("after", "through")]
    after, through = bounds
    if after is None or through is None:
        raise malformed("after" if after is None else "through", "not an image's id")
    records: list[ImageRecord] = []
    async for record in _before(request.app[RECORDS], request[IDENTITY].user_id, after):
        if record.image_id < through:
            break
        records.append(record)
        if len(records) > PART_IMAGES:
            raise malformed("through", f"more than {PART_IMAGES} images away")
    return records


async def _before(store: RecordStore, user_id: str, image_id: str) -> AsyncIterator[ImageRecord]:
    position: str | None = image_id
    while position is not None:
        page = await store.page(user_id, limit=_PAGE, position=position)
        for record in page.records:
            yield record
        position = page.position


def _live_export(request: web.Request) -> str:
    export_id = parse_image_id(request.match_info["export_id"])
    if export_id is not None and UUID(export_id).version == 7:
        age = time.time() - _made_at(export_id)
        # A minute, for the clocks of other gateways.
        if -60 < age < KEPT_S:
            return export_id
    raise Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such export, or not any more.")


def _made_at(export_id: str) -> float:
    return (UUID(export_id).int >> 80) / 1000  # Unix seconds; RFC 9562, 5.7


def _view(export_id: str, parts: list[ExportPartView] | None = None) -> ExportView:
    made_at = _made_at(export_id)
    return ExportView(
        export_id=export_id,
        created_at=timestamp(datetime.fromtimestamp(made_at, UTC)),
        expires_at=timestamp(datetime.fromtimestamp(made_at + KEPT_S, UTC)),
        parts=parts,
    )


def _part_views(export_id: str, parts: list[_Part]) -> Iterator[ExportPartView]:
    for number, part in enumerate(parts, 1):
        query = f"after={part.after}&through={part.through}"
        yield ExportPartView(
            part=number,
            images=part.images,
            max_bytes=part.bytes,
            url=f"/v1/me/exports/{export_id}/parts/{number}?{query}",
        )


def _answer(view: ExportView, status: HTTPStatus) -> web.Response:
    return web.Response(text=view.model_dump_json(), status=status, content_type="application/json")
