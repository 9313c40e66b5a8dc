"""``PATCH /v1/images/{id}``: the owner's own words, which win in every answer from then on."""

import re
import unicodedata
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Self

from aiohttp import hdrs, web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict, JsonValue

from services.gateway.auth import IDENTITY
from services.gateway.identifiers import parse_image_id
from services.gateway.images import image_response
from services.gateway.keys import RECORDS
from services.gateway.parsing import read_json
from services.gateway.problems import Problem, malformed, not_found
from services.gateway.restarts import not_ready
from shared.items import Update
from shared.record_store import ConditionFailed, RecordStore
from shared.records import ImageRecord, Status, timestamp

# Several times what a model writes, and short enough that a page of history stays light.
CONCISE_MAX = 300  # characters
CREATIVE_MAX = 2000  # characters
ALT_TEXT_MAX = 1000  # characters
_LINE_BREAKS = "\n\r\t"
# What the validators below ask for, for the OpenAPI document.
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_TEXT: JsonDict = {"pattern": rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]*$"}
_SOME_TEXT: list[JsonValue] = [
    {"required": [name], "properties": {name: {"type": "string"}}}
    for name in ("concise", "creative", "alt_text")
]
_TEXT_OR_NONE: JsonDict = {"pattern": rf"^[^{_CONTROLS}]*$"}
_ANY = "*"
# An entity tag (RFC 9110, 8.8.3), and a header's list of them.
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"{_TAG}(?:[ \t]*,[ \t]*{_TAG})*")


def _printable(text: str) -> str:
    if any(unicodedata.category(char) == "Cc" and char not in _LINE_BREAKS for char in text):
        raise ValueError("control characters are not allowed")
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


class CaptionEdits(BaseModel):
    """The texts to replace; those left out, or null, stay. An empty ``alt_text`` says that the
    photo is decoration.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, json_schema_extra={"anyOf": _SOME_TEXT}
    )

    concise: (
        Annotated[
            str,
            Field(max_length=CONCISE_MAX, json_schema_extra=_TEXT),
            AfterValidator(_printable),
            AfterValidator(_one_line),
            AfterValidator(_not_empty),
        ]
        | None
    ) = None
    creative: (
        Annotated[
            str,
            Field(max_length=CREATIVE_MAX, json_schema_extra=_TEXT),
            AfterValidator(_printable),
            AfterValidator(_paragraphs),
            AfterValidator(_not_empty),
        ]
        | None
    ) = None
    alt_text: (
        Annotated[
            str,
            Field(max_length=ALT_TEXT_MAX, json_schema_extra=_TEXT_OR_NONE),
            AfterValidator(_printable),
            AfterValidator(_one_line),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.concise is None and self.creative is None and self.alt_text is None:
            raise ValueError("at least one text is needed")
        return self


class EditRequest(BaseModel):
    """An edit of an image."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    captions: CaptionEdits


async def edit_image(request: web.Request) -> web.Response:
    """Replace captions of a completed image, if it has the version that ``If-Match`` names.

    Raises ``Problem``: 400 for a header that is no list of tags, 409 ``not_ready``, 412
    ``precondition_failed``.
    """
    user_id = request[IDENTITY].user_id
    image_id = parse_image_id(request.match_info["image_id"])
    wanted = _if_match(request)
    edits = (await read_json(request, EditRequest)).captions
    records = request.app[RECORDS]
    record = await records.get(user_id, image_id) if image_id else None
    if record is None:
        raise not_found()
    if wanted is not None and str(record.version) not in wanted:
        raise _precondition_failed()
    if not record.is_captioned:
        raise not_ready(record)
    edited = await write_edits(records, record, edits, pinned=wanted is not None)
    return await image_response(request, edited, status=HTTPStatus.OK)


def _if_match(request: web.Request) -> frozenset[str] | None:
    """The strong tags of ``If-Match``; ``None`` without the header or for ``*``.

    Weak ones never match (RFC 9110, 13.1.1), and a version is never weak here.
    """
    given = ", ".join(request.headers.getall(hdrs.IF_MATCH, [])).strip()
    if hdrs.IF_MATCH not in request.headers or given == _ANY:
        return None
    if not _TAGS.fullmatch(given):
        raise malformed(hdrs.IF_MATCH, "neither * nor a list of entity tags")
    tags = re.findall(_TAG, given)
    return frozenset(tag.strip('"') for tag in tags if not tag.startswith("W/"))


async def write_edits(
    records: RecordStore, record: ImageRecord, edits: CaptionEdits, *, pinned: bool
) -> ImageRecord:
    """Store the owner's words beside the model's; with ``pinned`` only if ``record`` is as read.

    Raises ``Problem`` if it has moved to where there is nothing to edit.
    """
    now = timestamp(datetime.now(UTC))
    texts = {f"edited_{name}": text for name, text in edits.model_dump(exclude_none=True).items()}
    edited = {**texts, "edited_at": now, "updated_at": now}
    update = (
        Update()
        .set(**edited)
        .add("version", 1)
        # What replaces degraded captions in the background keeps no owner from editing.
        .when(
            "{status} = :completed OR {upgrade_job} = {job}",
            completed=Status.COMPLETED,
        )
        .when("{epoch} = :epoch", epoch=record.epoch)
    )
    if pinned:
        update.when("{version} = :version", version=record.version)
    try:
        return await records.update(record.user_id, record.image_id, update)
    except ConditionFailed as failed:
        # It moved between the read and the write.
        found = failed.record
        if found is None or found.epoch != record.epoch:
            raise not_found() from failed
        if not pinned:
            raise not_ready(found) from failed
        # The answer was lost and the call repeated: what stands in its way is its own effect.
        is_next = found.version == record.version + 1
        if is_next and found.model_dump(include=set(edited)) == edited:
            return found
        raise _precondition_failed() from failed


def _precondition_failed() -> Problem:
    return Problem(
        HTTPStatus.PRECONDITION_FAILED,
        "precondition_failed",
        "The image has changed since the version in If-Match.",
    )
