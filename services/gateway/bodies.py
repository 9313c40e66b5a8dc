"""Uploads off the wire: one buffer per image, hashed while it fills, never more than the limit."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader, ClientPayloadError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from services.gateway.options import invalid_options
from services.gateway.problems import Problem
from shared.api import FieldFault

if TYPE_CHECKING:
    from aiohttp import MultipartReader

IMAGE_LIMIT = 10 * 1024 * 1024  # bytes
FORM_OVERHEAD = 64 * 1024  # bytes that a multipart body may have around its image
FIELD_LIMIT = 4 * 1024  # bytes of one option's part
CHUNK = 64 * 1024  # bytes
_PARTS_LIMIT = 16  # the image and the options, with room for repeated ones to be told so
_FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Upload:
    """An image as it came, its SHA-256 in hexadecimal, and the fields that came with it."""

    image: memoryview
    sha256: str
    fields: Mapping[str, str] = field(default_factory=dict)


def room_for(request: web.Request) -> int:
    """The bytes to set aside for the image. Raises ``Problem`` 413 where the length tells."""
    declared = request.content_length
    overhead = FORM_OVERHEAD if _is_form(request) else 0
    if declared is not None and declared > IMAGE_LIMIT + overhead:
        raise too_large()
    return IMAGE_LIMIT if declared is None else min(declared, IMAGE_LIMIT)


async def read_upload(request: web.Request, *, room: int) -> Upload:
    """Read the whole body into a buffer of ``room`` bytes.

    Raises ``Problem``: 400 ``malformed_request``, 413 ``image_too_large``, 415 for an encoded
    body, 422 ``invalid_option`` for a repeated field.
    """
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send the image without a content encoding.",
        )
    try:
        if _is_form(request):
            return await _read_form(await request.multipart(), room)
        return await _read_raw(request, room)
    # aiohttp's multipart reader asserts on a body that ends too early.
    except (ValueError, AssertionError, ClientPayloadError, HttpProcessingError) as error:
        raise malformed_body("The body is incomplete or not what its headers say.") from error


def too_large() -> Problem:
    """The refusal of more than the limit."""
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "image_too_large",
        "The image is larger than 10 MiB.",
    )


def malformed_body(detail: str) -> Problem:
    """The refusal of a body that can't be read."""
    return Problem(HTTPStatus.BAD_REQUEST, "malformed_request", detail)


def _is_form(request: web.Request) -> bool:
    # Not by aiohttp's `content_type`: it takes the whole value apart as an e-mail's, which for each
    # form is another one, and that costs as much as a third of a bare upload.
    media_type, _, _ = request.headers.get(hdrs.CONTENT_TYPE, "").partition(";")
    return media_type.strip().lower() == _FORM


class _Buffer:
    """The image's bytes, in memory mapped for them alone.

    Freed, it goes back to the system at once, which the allocator would rather not do with
    megabytes; and it is only held as far as it is filled. Private, because Python's own choice is
    memory to share with other processes, whose pages cost almost twice as much to get.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._bytes = mmap(-1, max(room, 1), flags=MAP_PRIVATE | MAP_ANONYMOUS)
        self._size = 0
        self._hash = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        end = self._size + len(chunk)
        # As much as the request declared; if it did not, as much as is allowed.
        if end > self._room:
            raise too_large()
        self._bytes[self._size : end] = chunk
        self._size = end
        self._hash.update(chunk)

    def upload(self, fields: Mapping[str, str]) -> Upload:
        return Upload(memoryview(self._bytes)[: self._size], self._hash.hexdigest(), fields)


async def _read_raw(request: web.Request, room: int) -> Upload:
    buffer = _Buffer(room)
    async for chunk in request.content.iter_any():
        buffer.write(chunk)
    return buffer.upload({})


async def _read_form(form: "MultipartReader", room: int) -> Upload:
    buffer: _Buffer | None = None
    fields: dict[str, str] = {}
    parts = 0
    while (part := await form.next()) is not None:
        parts += 1
        if not isinstance(part, BodyPartReader) or not part.name or parts > _PARTS_LIMIT:
            raise malformed_body("The form has nested, nameless or too many parts.")
        if part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "binary").lower() not in _PLAIN:
            raise malformed_body("Parts are not to be encoded.")
        if part.name in fields or (part.name == "image" and buffer is not None):
            raise _repeated(part.name)
        if part.name == "image":
            buffer = _Buffer(room)
            while chunk := await part.read_chunk(CHUNK):
                buffer.write(chunk)
        else:
            fields[part.name] = await _read_field(part, part.name)
    if buffer is None:
        raise malformed_body('The form has no part "image".')
    return buffer.upload(fields)


_PLAIN = frozenset({"binary", "8bit", "7bit"})


async def _read_field(part: BodyPartReader, name: str) -> str:
    value = bytearray()
    while chunk := await part.read_chunk(FIELD_LIMIT):
        value += chunk
        if len(value) > FIELD_LIMIT:
            raise invalid_options([FieldFault(pointer=name[:64], message="longer than 4 KiB")])
    return value.decode()


def _repeated(name: str) -> Problem:
    return invalid_options([FieldFault(pointer=name[:64], message="given more than once")])
