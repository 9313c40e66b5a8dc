"""A client in memory that does what a test says: the whole of ``CaptionApi``, without a gateway.

Everything happens at once and to the photos in ``known``; where a photo has to move on, the test
moves it.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO

import requests

from clients.problems import ApiError, Refused
from clients.resources import (
    Account,
    Batch,
    Deletion,
    DirectUpload,
    Export,
    ExportPart,
    Image,
    Page,
)
from clients.transfers import Transfer
from tests.unit.ui.fake_admin import FakeAdmin
from tests.unit.ui.samples import NOW, completed, failed, image, some_account, some_receipt

__all__ = ["NOW", "FakeClient", "completed", "failed", "image", "some_account", "some_receipt"]

_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


@dataclass
class FakeClient:
    """``faults`` are raised by the next calls, in order, before anything is taken.

    ``account`` is what ``me`` answers, ``receipt`` what a deletion of everything does, ``parts``
    the parts of an export that is too large for one ZIP. ``calls`` are the changes asked for, each
    a method's name with what it was given.
    """

    faults: list[ApiError] = field(default_factory=list)
    known: dict[str, Image] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, Mapping[str, str]] = field(default_factory=dict)
    posted: dict[str, bytes] = field(default_factory=dict)
    submitted: list[str] = field(default_factory=list)
    listed: list[str | None] = field(default_factory=list)
    searched: list[str | None] = field(default_factory=list)
    filtered: list[tuple[str | None, str | None]] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    account: Account = field(default_factory=some_account)
    receipt: Deletion = field(default_factory=some_receipt)
    parts: list[ExportPart] | None = None
    admin: FakeAdmin = field(default_factory=FakeAdmin)
    _ids: Iterator[int] = field(default_factory=itertools.count)

    def add(self, photo: Image) -> Image:
        self.known[photo.image_id] = photo
        return photo

    def submit(
        self,
        data: bytes,
        *,
        key: str,
        content_type: str = "application/octet-stream",
        options: Mapping[str, str] | None = None,
    ) -> Image:
        self._fail()
        self.submitted.append(content_type)
        if key not in self.by_key:
            batch = (options or {}).get("batch")
            self.by_key[key] = self.add(image(self._new_id(), "queued", batch=batch)).image_id
        return self.known[self.by_key[key]]

    def begin_upload(
        self, content_type: str, size: int, *, options: Mapping[str, str] | None = None
    ) -> DirectUpload:
        self._fail()
        upload_id = self._new_id()
        self.uploads[upload_id] = dict(options or {})
        self.calls.append(("begin_upload", content_type, size, dict(options or {})))
        return DirectUpload(
            upload_id=upload_id,
            url="http://objects.test/bucket",
            fields={"key": upload_id, "Content-Type": content_type},
            expires_at="2126-11-22T12:05:00.000Z",
        )

    def post(self, upload: DirectUpload, data: bytes) -> None:
        self._fail()
        self.posted[upload.upload_id] = data

    def complete_upload(self, upload_id: str) -> Image:
        """Every upload counts as arrived: the browser's own POST is not seen here."""
        self._fail()
        self.calls.append(("complete_upload", upload_id))
        if upload_id not in self.uploads:
            raise Refused("not_found", 404, "There is no such upload.")
        if upload_id not in self.known:
            self.add(image(upload_id, "queued", batch=self.uploads[upload_id].get("batch")))
        return self.known[upload_id]

    def images(
        self,
        *,
        limit: int = 20,
        cursor: str | None = None,
        status: str | None = None,
        batch: str | None = None,
        q: str | None = None,
    ) -> Page:
        self._fail()
        self.listed.append(cursor)
        self.searched.append(q)
        self.filtered.append((status, batch))
        found = sorted(
            (
                photo
                for photo in self.known.values()
                if batch in {None, photo.batch}
                and status in {None, photo.status}
                and _matches(photo, q)
            ),
            key=lambda photo: photo.image_id,
            reverse=True,
        )
        start = int(cursor or 0)
        more = len(found) > start + limit
        shown = found[start : start + limit]
        return Page(
            items=shown,
            next_cursor=str(start + limit) if more else None,
            etag=repr([(photo.image_id, photo.version) for photo in shown]),
        )

    def images_if_changed(self, etag: str, **asked: Any) -> Page | None:
        page = self.images(**asked)
        return None if page.etag == etag else page

    def every_image(
        self, *, status: str | None = None, batch: str | None = None, q: str | None = None
    ) -> Iterator[Image]:
        yield from self.images(limit=len(self.known) + 1, status=status, batch=batch, q=q).items

    def image(self, image_id: str, *, wait: int = 0) -> Image:
        self._fail()
        return self._found(image_id)

    def image_if_changed(self, image_id: str, *, version: int, wait: int = 0) -> Image | None:
        found = self.image(image_id)
        return None if found.version == version else found

    def batch(self, batch: str) -> Batch:
        self._fail()
        statuses = [photo.status for photo in self.known.values() if photo.batch == batch]
        counts = {status: statuses.count(status) for status in statuses}
        return Batch.model_validate({"batch": batch, "counts": counts | {"total": len(statuses)}})

    def edit(
        self, image_id: str, captions: Mapping[str, str], *, version: int | None = None
    ) -> Image:
        self._fail()
        self.calls.append(("edit", image_id, dict(captions), version))
        photo = self._found(image_id)
        if version is not None and version != photo.version:
            raise Refused("precondition_failed", 412, "The image has changed.")
        if photo.captions is None:
            raise Refused("not_ready", 409, "")
        edited = {**captions, "edited": True, "edited_at": NOW}
        return self._changed(photo, captions=photo.captions.model_copy(update=edited))

    def caption_again(
        self,
        image_id: str,
        *,
        language: str | None = None,
        style: str | None = None,
        provider: str | None = None,
    ) -> Image:
        self._fail()
        asked = {"language": language, "style": style, "provider": provider}
        self.calls.append(("caption_again", image_id, asked))
        photo = self._found(image_id)
        if not photo.settled:
            raise Refused("not_ready", 409, "")
        return self._changed(photo, status="captioning", captions=None, provider=None, error=None)

    def retry(self, image_id: str) -> Image:
        self._fail()
        self.retried.append(image_id)
        return self._changed(self._found(image_id), status="queued", error=None)

    def download(self, image_id: str, *, with_captions: bool = False) -> bytes:
        self._fail()
        self.calls.append(("download", image_id, with_captions))
        photo = self._found(image_id)
        if with_captions and photo.original and photo.original.content_type == "image/gif":
            raise Refused("metadata_unsupported", 409, "JPEG, PNG and WebP only.")
        return b"\xff\xd8\xff\xe0" + image_id.encode()

    def open_download(self, image_id: str, *, with_captions: bool = False) -> Transfer:
        data = self.download(image_id, with_captions=with_captions)
        return _transfer(data, f"{image_id}.jpg", "image/jpeg")

    def delete(self, image_id: str) -> None:
        self._fail()
        self.calls.append(("delete", image_id))
        self.known.pop(image_id, None)

    def me(self) -> Account:
        self._fail()
        return self.account.model_copy(update={"images": len(self.known)})

    def export(self, file: BinaryIO) -> Export | None:
        opened = self.open_export()
        if isinstance(opened, Export):
            return opened
        opened.save(file)
        return None

    def open_export(self) -> Transfer | Export:
        self._fail()
        self.calls.append(("export",))
        if self.parts is not None:
            return Export(export_id="e", created_at=NOW, expires_at=NOW, parts=self.parts)
        return _transfer(_EMPTY_ZIP, "captions-2026-11-22.zip", "application/zip")

    def export_part(self, part: ExportPart, file: BinaryIO) -> None:
        self.open_export_part(part).save(file)

    def open_export_part(self, part: ExportPart) -> Transfer:
        self._fail()
        self.calls.append(("export_part", part.part))
        name = f"captions-part-{part.part}-2026-11-22.zip"
        return _transfer(_EMPTY_ZIP, name, "application/zip")

    def delete_all(self) -> Deletion:
        self._fail()
        self.calls.append(("delete_all",))
        self.known.clear()
        return self.receipt

    def deletion(self, deletion_id: str) -> Deletion:
        self._fail()
        if deletion_id != self.receipt.deletion_id:
            raise Refused("not_found", 404, "There is no such deletion.")
        return self.receipt

    def _new_id(self) -> str:
        return f"id-{next(self._ids)}"

    def _found(self, image_id: str) -> Image:
        if image_id not in self.known:
            raise Refused("not_found", 404, "There is no such image.")
        return self.known[image_id]

    def _changed(self, photo: Image, **fields: Any) -> Image:
        return self.add(photo.model_copy(update={**fields, "version": photo.version + 1}))

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


def _transfer(data: bytes, name: str, content_type: str) -> Transfer:
    response = requests.Response()
    response.status_code = 200
    response.raw = BytesIO(data)
    response.headers["Content-Type"] = content_type
    response.headers["Content-Length"] = str(len(data))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Transfer(response)


def _matches(photo: Image, q: str | None) -> bool:
    return not q or (photo.captions is not None and q.lower() in photo.captions.concise.lower())
