"""The gateway's HTTP API for its users, typed. Safe to use from several threads."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import quote

import requests

from clients.admin import AdminApi
from clients.answers import parsed
from clients.connection import Call, Connection, Patience
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

PAGE = 100  # the most that a page of the list holds
# The gateway takes 6 uploads of one user at once; the rest is for reading meanwhile.
CONNECTIONS = 8
_TRUTHS = frozenset({"labels", "keep_exif"})


class CaptionApi:
    """Calls on behalf of the bearer of ``token``; one may be shared by any number of threads.

    All raise ``ApiProblem`` for a refusal and ``Unreachable`` where there is no usable answer.
    ``connections`` to the gateway are kept open: as many as there are calls at once.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        patience: Patience | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        self._connection = Connection(
            base_url, token, patience=patience or Patience(), connections=connections
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    @property
    def admin(self) -> AdminApi:
        """The calls of operators, over the same connections."""
        return AdminApi(self._connection)

    def submit(
        self,
        data: bytes,
        *,
        key: str,
        content_type: str = "application/octet-stream",
        options: Mapping[str, str] | None = None,
    ) -> Image:
        """Hand in one photo. The same ``key`` with the same bytes and options is the same photo,
        for a day. ``options`` are those of the contract: labels, language, style, batch,
        keep_exif.
        """
        headers = {"Content-Type": content_type, "Idempotency-Key": key}
        call = Call("POST", "/v1/images", params=options, headers=headers, data=data)
        return parsed(Image, self._connection.call(call))

    def begin_upload(
        self, content_type: str, size: int, *, options: Mapping[str, str] | None = None
    ) -> DirectUpload:
        """A form for ``size`` bytes that go to the store directly; costs a unit of quota.
        ``options`` as in ``submit``. ``post`` the file, then ``complete`` the upload.
        """
        body: dict[str, object] = {"content_type": content_type, "bytes": size}
        if options:
            body["options"] = _typed(options)
        return parsed(DirectUpload, self._send_json("POST", "/v1/uploads", body))

    def post(self, upload: DirectUpload, data: bytes) -> None:
        """Send the file to the store. Its refusals are ``ApiProblem`` with the code ``unknown``."""
        self._connection.post_form(upload.url, upload.fields, data)

    def complete_upload(self, upload_id: str) -> Image:
        """The photo that was uploaded; the same however often it is asked."""
        path = f"/v1/uploads/{_quoted(upload_id)}/complete"
        return parsed(Image, self._connection.call(Call("POST", path, repeatable=True)))

    def image(self, image_id: str, *, wait: int = 0) -> Image:
        """One photo, after at most ``wait`` seconds (20 at most) until its status is terminal."""
        params = {"wait": str(wait)} if wait else None
        return parsed(Image, self._get(_path(image_id), params, extra_time=wait))

    def image_if_changed(self, image_id: str, *, version: int, wait: int = 0) -> Image | None:
        """As ``image``, or ``None`` if ``version`` is still the one there is; ``wait`` is then for
        the next version. Its URLs end while its version stays: read ``image`` before that.
        """
        params = {"wait": str(wait)} if wait else None
        response = self._get(_path(image_id), params, known=f'"{version}"', extra_time=wait)
        return None if response.status_code == HTTPStatus.NOT_MODIFIED else parsed(Image, response)

    def images(
        self,
        *,
        limit: int = 20,
        cursor: str | None = None,
        status: str | None = None,
        batch: str | None = None,
        q: str | None = None,
    ) -> Page:
        """One page of photos, newest first; ``limit`` 1 to 100. ``q`` is looked for in captions
        and labels.
        """
        asked = _query(limit=limit, cursor=cursor, status=status, batch=batch, q=q)
        return _page(self._get("/v1/images", asked))

    def images_if_changed(
        self,
        etag: str,
        *,
        limit: int = 20,
        cursor: str | None = None,
        status: str | None = None,
        batch: str | None = None,
        q: str | None = None,
    ) -> Page | None:
        """As ``images``, or ``None`` if the page with this ``Page.etag``, asked for with the same
        arguments, is still the one there is. Its URLs open for 15 minutes more at least: a page is
        new, too, when they are about to end.
        """
        asked = _query(limit=limit, cursor=cursor, status=status, batch=batch, q=q)
        response = self._get("/v1/images", asked, known=etag)
        return None if response.status_code == HTTPStatus.NOT_MODIFIED else _page(response)

    def every_image(
        self, *, status: str | None = None, batch: str | None = None, q: str | None = None
    ) -> Iterator[Image]:
        """All photos, newest first; pages are read as they are needed."""
        cursor = None
        while True:
            page = self.images(limit=PAGE, cursor=cursor, status=status, batch=batch, q=q)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def batch(self, batch: str) -> Batch:
        """How many photos of a batch have which status."""
        return parsed(Batch, self._get(f"/v1/batches/{_quoted(batch)}"))

    def edit(
        self, image_id: str, captions: Mapping[str, str], *, version: int | None = None
    ) -> Image:
        """Replace texts (concise, creative, alt_text); with ``version``, only in that one."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        body = {"captions": dict(captions)}
        return parsed(Image, self._send_json("PATCH", _path(image_id), body, headers=headers))

    def caption_again(
        self,
        image_id: str,
        *,
        language: str | None = None,
        style: str | None = None,
        provider: str | None = None,
    ) -> Image:
        """Caption from the stored image, for a unit of quota; ``provider`` is asked first."""
        asked = {"language": language, "style": style, "provider": provider}
        body = {name: value for name, value in asked.items() if value is not None}
        return parsed(Image, self._send_json("POST", f"{_path(image_id)}/captions", body))

    def retry(self, image_id: str) -> Image:
        """Try a failed photo again."""
        return parsed(Image, self._connection.call(Call("POST", f"{_path(image_id)}/retry")))

    def download(self, image_id: str, *, with_captions: bool = False) -> bytes:
        """The stored original, on request with its captions in its metadata."""
        params = {"with": "captions"} if with_captions else None
        return self._get(f"{_path(image_id)}/download", params).content

    def open_download(self, image_id: str, *, with_captions: bool = False) -> Transfer:
        """As ``download``, to be read in pieces and closed by the caller."""
        params = {"with": "captions"} if with_captions else None
        return self._opened(f"{_path(image_id)}/download", params)

    def delete(self, image_id: str) -> None:
        """Delete one photo for good; nothing happens if there is none."""
        self._connection.call(Call("DELETE", _path(image_id)))

    def me(self) -> Account:
        """The bearer of the token: quota, number of photos, how long they are kept."""
        return parsed(Account, self._get("/v1/me"))

    def export(self, file: BinaryIO) -> Export | None:
        """Write the ZIP of all photos to ``file``. Above 500 photos nothing is written: the answer
        lists parts for ``export_part``.

        After ``Unreachable`` the file may hold a beginning that is no archive.
        """
        opened = self.open_export()
        if isinstance(opened, Export):
            return opened
        opened.save(file)
        return None

    def open_export(self) -> Transfer | Export:
        """As ``export``; the ZIP is to be read in pieces and closed by the caller."""
        response = self._connection.call(Call("GET", "/v1/me/export", stream=True))
        if response.status_code == HTTPStatus.OK:
            return Transfer(response)
        begun = parsed(Export, response)
        return parsed(Export, self._get(f"/v1/me/exports/{_quoted(begun.export_id)}"))

    def export_part(self, part: ExportPart, file: BinaryIO) -> None:
        """Write the ZIP of one part to ``file``; otherwise as ``export``."""
        self.open_export_part(part).save(file)

    def open_export_part(self, part: ExportPart) -> Transfer:
        """As ``export_part``, to be read in pieces and closed by the caller."""
        return self._opened(part.url)

    def delete_all(self) -> Deletion:
        """Delete everything of this user's, for good. The receipt, which is not ``completed`` yet
        if it takes longer than 15 seconds: then ask ``deletion``.

        Not repeated by itself after a broken connection, as the counts of the second would be 0.
        """
        body = {"confirm": "delete my data"}
        return parsed(Deletion, self._send_json("DELETE", "/v1/me/data", body, repeatable=False))

    def deletion(self, deletion_id: str) -> Deletion:
        """How a deletion of everything stands."""
        return parsed(Deletion, self._get(f"/v1/me/data/deletions/{_quoted(deletion_id)}"))

    def _get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        known: str | None = None,
        extra_time: float = 0,
    ) -> requests.Response:
        headers = None if known is None else {"If-None-Match": known}
        call = Call("GET", path, params=params, headers=headers, extra_time=extra_time)
        return self._connection.call(call)

    def _opened(self, path: str, params: Mapping[str, str] | None = None) -> Transfer:
        return Transfer(self._connection.call(Call("GET", path, params=params, stream=True)))

    def _send_json(
        self,
        method: str,
        path: str,
        body: Mapping[str, object],
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> requests.Response:
        sent = {"Content-Type": "application/json", **(headers or {})}
        data = json.dumps(body).encode()
        return self._connection.call(
            Call(method, path, headers=sent, data=data, repeatable=repeatable)
        )


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _path(image_id: str) -> str:
    return f"/v1/images/{_quoted(image_id)}"


def _query(**parameters: str | int | None) -> dict[str, str]:
    return {name: str(value) for name, value in parameters.items() if value is not None}


def _page(response: requests.Response) -> Page:
    return parsed(Page, response).model_copy(update={"etag": response.headers.get("ETag")})


def _typed(options: Mapping[str, str]) -> dict[str, str | bool]:
    """Options as JSON has them: a query knows text only."""
    return {name: value == "true" if name in _TRUTHS else value for name, value in options.items()}
