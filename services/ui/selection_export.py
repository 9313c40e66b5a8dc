"""Chosen photos as one ZIP: the table, the records and the photos with their captions inside.

It is made off the page's thread into a temporary file, one photo at a time, so that what is in
memory is at most one photo. The file is there as a whole or not at all.
"""

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import BinaryIO, Protocol, TypeVar, cast
from zipfile import ZIP_DEFLATED, ZipFile

from clients.problems import ApiError, NotSignedIn, Refused, Unavailable, Unreachable
from clients.resources import Image
from clients.transfers import Transfer
from services.ui import selection
from shared import export_documents as documents
from shared.api import ImageView
from shared.media import MediaType

_LOG = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_IN_MEMORY = 1024 * 1024  # bytes of a photo before it goes to disk
# Seconds between the tries of one call. The gateway sends a person few files at once, and another
# page of theirs may be taking some just now.
_PAUSES = (1.0, 2.0, 4.0)
_EXTENSIONS = {media_type.content_type: media_type.extension for media_type in MediaType}


class Source(Protocol):
    """Where photos come from."""

    def image(self, image_id: str) -> Image:
        """See ``CaptionApi.image``."""
        ...

    def open_download(self, image_id: str, *, with_captions: bool = False) -> Transfer:
        """See ``CaptionApi.open_download``."""
        ...


@dataclass(eq=False)
class Export:
    """A ZIP of ``image_ids`` in the making. Written by its thread, read by the page's runs.

    ``file`` is set once it is whole; else ``problem`` says what to do, or the token was refused.
    """

    image_ids: tuple[str, ...]
    done: int = 0
    missing: int = 0
    file: BinaryIO | None = None
    problem: str | None = None
    signed_out: bool = False
    is_finished: bool = False


def start(
    export: Export, client: Source, *, sleep: Callable[[float], None] = time.sleep
) -> threading.Thread:
    """Begin; returns at once. The thread ends by itself and is returned for tests."""
    thread = threading.Thread(target=_Maker(export, client, sleep).make, daemon=True)
    thread.start()
    return thread


class _Maker:
    def __init__(self, export: Export, client: Source, sleep: Callable[[float], None]) -> None:
        self._export = export
        self._client = client
        self._sleep = sleep
        self._missing: list[str] = []

    def make(self) -> None:
        export = self._export
        # Closing it removes it.
        file = tempfile.TemporaryFile()  # noqa: SIM115 - it outlives this thread
        try:
            photos = self._read()
            export.problem = selection.objection(photos, len(photos))
            if export.problem is None:
                self._write(photos, file)
                export.file = file
        except NotSignedIn:
            export.signed_out = True
        except ApiError:
            export.problem = (
                "The service did not answer, so there is no ZIP. Nothing is lost: "
                "try again in a moment."
            )
        except Exception:  # noqa: BLE001 - whatever happens, the page must not wait for ever
            _LOG.error("export_failed", exc_info=True)
            export.problem = "Something went wrong on our side, so there is no ZIP. Try again."
        finally:
            if export.file is None:
                file.close()
            export.is_finished = True

    def _read(self) -> list[Image]:
        """The photos as they are now: the page may know an older state."""
        photos = []
        for image_id in self._export.image_ids:
            try:
                photos.append(self._patiently(partial(self._client.image, image_id)))
            except Refused:
                self._miss(f"{image_id}: deleted meanwhile")
        return photos

    def _write(self, photos: list[Image], file: BinaryIO) -> None:
        views = []
        with ZipFile(file, "w") as archive:
            for photo in photos:
                name = _name_of(photo)
                if name is not None and not self._add(archive, photo, name):
                    name = None
                views.append(documents.without_urls(photo, name))
                self._export.done += 1
            for name, text in _documents(views, self._missing):
                archive.writestr(name, text, compress_type=ZIP_DEFLATED)

    def _add(self, archive: ZipFile, photo: Image, name: str) -> bool:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as buffer:
            target = cast("BinaryIO", buffer)
            try:
                self._patiently(partial(self._fetch, photo.image_id, target))
            except Refused:
                self._miss(f"{name}: could not be read")
                return False
            buffer.seek(0)
            # Photos are packed already: stored as they are.
            with archive.open(name, "w") as entry:
                shutil.copyfileobj(buffer, entry)
        return True

    def _fetch(self, image_id: str, buffer: BinaryIO) -> None:
        buffer.seek(0)
        buffer.truncate()
        try:
            transfer = self._client.open_download(image_id, with_captions=True)
        except Refused as refused:
            if refused.status != HTTPStatus.CONFLICT:
                raise
            # Formats that can't hold captions come without; the table has their texts.
            transfer = self._client.open_download(image_id)
        transfer.save(buffer)

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        for pause in _PAUSES:
            try:
                return call()
            except (Unreachable, Unavailable):
                self._sleep(pause)
            except Refused as refused:
                if not refused.passes:
                    raise
                self._sleep(pause)
        return call()

    def _miss(self, line: str) -> None:
        self._missing.append(line)
        self._export.missing += 1


def _documents(views: list[ImageView], missing: list[str]) -> Iterator[tuple[str, str]]:
    yield "captions.csv", documents.header() + "".join(map(documents.row, views))
    records = ",\n".join(view.model_dump_json() for view in views)
    yield "images.json", f"[\n{records}\n]\n"
    if missing:
        yield "errors.txt", "".join(f"{line}\n" for line in missing)


def _name_of(photo: Image) -> str | None:
    """Where the photo is in the archive, or ``None`` if there is none stored."""
    if photo.original is None:
        return None
    return f"photos/{photo.image_id}.{_EXTENSIONS.get(photo.original.content_type, 'bin')}"
