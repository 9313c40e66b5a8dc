"""What is in an export, chunk by chunk: the documents, the originals, and what is missing."""

import logging
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from services.gateway.archive import Archive
from services.gateway.downloads import extension_of
from shared import export_documents as documents
from shared.api import ImageView
from shared.errors import DependencyUnavailable, StaleRecord
from shared.object_store import ObjectStore
from shared.records import ImageRecord

logger = logging.getLogger(__name__)

# A single photo that can't be read is listed; so many in a row mean that S3 is down.
FAILURES_IN_A_ROW = 5


async def archived(
    objects: ObjectStore, records: list[ImageRecord], views: list[ImageView], *, now: datetime
) -> AsyncGenerator[bytes, None]:
    """The ZIP of ``records``, of which ``views`` are what their owner sees.

    An original that can't be read is named in ``errors.txt``. Raises ``DependencyUnavailable`` if
    that happens to ``FAILURES_IN_A_ROW``.
    """
    archive = Archive()
    for chunk in _documents(archive, records, views, now):
        yield chunk
    missing = _Missing()
    for record in records:
        name = original_name(record)
        if name is None:
            continue
        try:
            async with aclosing(_original(archive, objects, record, name)) as chunks:
                async for chunk in chunks:
                    yield chunk
            missing.none()
        except StaleRecord:
            missing.deleted(name)
        except (DependencyUnavailable, BotoCoreError, ClientError) as error:
            missing.unreadable(name, error)
    if missing.lines:
        with archive.entry("errors.txt", modified=now, compressed=True) as file:
            file.write("".join(missing.lines).encode())
    yield archive.finish()


def original_name(record: ImageRecord) -> str | None:
    """Where the record's original is in the archive; ``None`` if there is none yet."""
    if record.original is None:
        return None
    return f"originals/{record.image_id}.{extension_of(record.original)}"


class _Missing:
    """The originals that did not make it, and how many of them in a row could not be read."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._in_a_row = 0

    def none(self) -> None:
        self._in_a_row = 0

    def deleted(self, name: str) -> None:
        self.lines.append(f"{name}: deleted while the export ran\n")

    def unreadable(self, name: str, error: Exception) -> None:
        logger.warning(
            "original not exported", extra={"object": name, "error": type(error).__name__}
        )
        self.lines.append(f"{name}: could not be read\n")
        self._in_a_row += 1
        if self._in_a_row == FAILURES_IN_A_ROW:
            raise DependencyUnavailable("s3") from error


async def _original(
    archive: Archive, objects: ObjectStore, record: ImageRecord, name: str
) -> AsyncGenerator[bytes, None]:
    if record.original is None:
        return
    modified = datetime.fromisoformat(record.timestamp)
    async with objects.open(record.original.key) as opened:
        with archive.entry(name, modified=modified, compressed=False, size=opened.length) as file:
            async for chunk in opened.chunks:
                file.write(chunk)
                yield archive.take()


def _documents(
    archive: Archive, records: list[ImageRecord], views: list[ImageView], now: datetime
) -> Iterator[bytes]:
    public = [
        documents.without_urls(view, original_name(record))
        for record, view in zip(records, views, strict=True)
    ]
    for name, lines in (("images.json", _json(public)), ("captions.csv", _csv(public))):
        with archive.entry(name, modified=now, compressed=True) as file:
            for line in lines:
                file.write(line.encode())
                # The compressor keeps most of it for later, and an empty chunk ends an answer.
                if chunk := archive.take():
                    yield chunk


def _json(views: Iterable[ImageView]) -> Iterator[str]:
    before = "["
    for view in views:
        yield f"{before}\n{view.model_dump_json()}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _csv(views: Iterable[ImageView]) -> Iterator[str]:
    yield documents.header()
    yield from map(documents.row, views)
