"""``GET /v1/images/{id}/download``: the stored original, on request with its captions inside."""

import asyncio
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus

from aiohttp import hdrs, web

from services.gateway.auth import IDENTITY
from services.gateway.bodies import IMAGE_LIMIT
from services.gateway.embedding import Pieces, embed, takes_captions
from services.gateway.identifiers import parse_image_id
from services.gateway.keys import DOWNLOADS, OBJECTS, RECORDS, VIEWS
from services.gateway.problems import Problem, malformed, not_found
from services.gateway.transfers import CHUNK, attachment, send
from services.gateway.xmp import packet_of
from shared.errors import StaleRecord
from shared.media import MediaType
from shared.records import ImageRecord, StoredImage

logger = logging.getLogger(__name__)

# At once in this process, and of one user. A file that captions go into is in memory until sent.
DOWNLOADS_AT_ONCE = 10
DOWNLOADS_PER_USER = 4
# An original of the formats that take captions is an upload without its metadata, which can only
# have grown by what ingest sets straight: a fuller JFIF header, an EXIF that turns the picture.
ORIGINAL_LIMIT = IMAGE_LIMIT + 64 * 1024  # bytes
_RETRY_AFTER_S = 1


async def download_image(request: web.Request) -> web.StreamResponse:
    """The original as an attachment; ``?with=captions`` writes them into its metadata.

    Raises ``Problem``: 409 ``not_ready``, 409 ``metadata_unsupported`` for another format than
    JPEG, PNG and WebP.
    """
    user_id = request[IDENTITY].user_id
    image_id = parse_image_id(request.match_info["image_id"])
    with_captions = _asks_for_captions(request)
    record = await request.app[RECORDS].get(user_id, image_id) if image_id else None
    if record is None:
        raise not_found()
    if record.original is None:
        raise _not_ready(record)
    with request.app[DOWNLOADS].slot(user_id):
        try:
            if with_captions:
                return await _send_captioned(request, record, record.original)
            return await _send_plain(request, record, record.original)
        except StaleRecord as error:
            raise not_found() from error  # deleted since the record was read


def extension_of(image: StoredImage) -> str:
    """The extension that belongs to the image's content type."""
    media_type = _media_type_of(image)
    return media_type.extension if media_type else "bin"


def _asks_for_captions(request: web.Request) -> bool:
    asked = request.query.getall("with", [])
    if asked not in ([], ["captions"]):
        raise malformed("with", "not `captions`")
    return bool(asked)


def _not_ready(record: ImageRecord) -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "not_ready",
        f"The image is {record.status}.",
        retry_after=None if record.status.is_terminal else _RETRY_AFTER_S,
    )


def _metadata_unsupported(detail: str) -> Problem:
    return Problem(HTTPStatus.CONFLICT, "metadata_unsupported", detail)


async def _send_plain(
    request: web.Request, record: ImageRecord, original: StoredImage
) -> web.StreamResponse:
    async with request.app[OBJECTS].open(original.key) as opened:
        response = _attachment(record, original, opened.length)
        return await send(request, response, opened.chunks)


async def _send_captioned(
    request: web.Request, record: ImageRecord, original: StoredImage
) -> web.StreamResponse:
    media_type = _media_type_of(original)
    if media_type is None or not takes_captions(media_type) or original.bytes > ORIGINAL_LIMIT:
        raise _metadata_unsupported("Captions can be written into JPEG, PNG and WebP only.")
    view = await request.app[VIEWS].view(record)
    if not record.is_captioned or view.captions is None:
        raise _not_ready(record)
    packet = packet_of(view.captions, [label.name for label in view.labels or []])
    data = await request.app[OBJECTS].read(original.key, limit=ORIGINAL_LIMIT)
    try:
        pieces = await asyncio.to_thread(embed, data, media_type, packet)
    except ValueError as error:
        # Ingest wrote this file, so an operator should hear of it.
        logger.warning("no captions embedded", extra={"image_id": record.image_id})
        raise _metadata_unsupported("Captions can't be written into this file.") from error
    response = _attachment(record, original, sum(map(len, pieces)))
    return await send(request, response, _sliced(pieces))


async def _sliced(pieces: Pieces) -> AsyncIterator[memoryview]:
    for piece in pieces:
        view = memoryview(piece)
        for start in range(0, len(view), CHUNK):
            yield view[start : start + CHUNK]


def _attachment(record: ImageRecord, original: StoredImage, length: int) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_DISPOSITION: attachment(f"{record.image_id}.{extension_of(original)}"),
            hdrs.CONTENT_TYPE: original.content_type,
        }
    )
    response.content_length = length
    return response


def _media_type_of(image: StoredImage) -> MediaType | None:
    return next((each for each in MediaType if each.content_type == image.content_type), None)
