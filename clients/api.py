"""The gateway's HTTP API, typed. Safe to use from several threads."""

import json
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import requests
from pydantic import BaseModel, ValidationError

from clients.problems import Unreachable
from clients.resources import Image, Page
from clients.sessions import Patience, Sessions

Answer = TypeVar("Answer", bound=BaseModel)

PAGE = 100  # the most that a page of the list holds


class CaptionApi:
    """Calls on behalf of the bearer of ``token``.

    All raise ``ApiProblem`` for a refusal and ``Unreachable`` where there is no usable answer.
    """

    def __init__(self, base_url: str, token: str, *, patience: Patience | None = None) -> None:
        self._sessions = Sessions(base_url, token, patience=patience or Patience())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sessions.close()

    def submit(
        self,
        data: bytes,
        *,
        key: str,
        content_type: str = "application/octet-stream",
        options: Mapping[str, str] | None = None,
    ) -> Image:
        """Hand in one photo. The same ``key`` with the same bytes and options is the same photo,
        for a day. ``options`` are those of the contract: labels, language, style, batch.
        """
        response = self._sessions.call(
            "POST",
            "/v1/images",
            params=options,
            headers={"Content-Type": content_type, "Idempotency-Key": key},
            data=data,
        )
        return _parsed(Image, response)

    def image(self, image_id: str, *, wait: int = 0) -> Image:
        """One photo, after at most ``wait`` seconds (20 at most) until its status is terminal."""
        params = {"wait": str(wait)} if wait else None
        return _parsed(
            Image, self._sessions.call("GET", _path(image_id), params=params, extra_time=wait)
        )

    def images(
        self,
        *,
        limit: int = 20,
        cursor: str | None = None,
        status: str | None = None,
        batch: str | None = None,
        q: str | None = None,
    ) -> Page:
        """One page of photos, newest first; ``limit`` 1 to 100."""
        asked = {"limit": str(limit), "cursor": cursor, "status": status, "batch": batch, "q": q}
        params = {name: value for name, value in asked.items() if value is not None}
        return _parsed(Page, self._sessions.call("GET", "/v1/images", params=params))

    def every_image(self, *, batch: str | None = None, q: str | None = None) -> Iterator[Image]:
        """All photos, newest first; pages are read as they are needed."""
        cursor = None
        while True:
            page = self.images(limit=PAGE, cursor=cursor, batch=batch, q=q)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def edit(
        self, image_id: str, captions: Mapping[str, str], *, version: int | None = None
    ) -> Image:
        """Replace texts (concise, creative, alt_text); with ``version``, only in that one."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return _parsed(
            Image,
            self._send_json("PATCH", _path(image_id), {"captions": dict(captions)}, headers),
        )

    def caption_again(self, image_id: str, **options: str) -> Image:
        """Caption from the stored image; ``options`` are language, style and provider."""
        return _parsed(Image, self._send_json("POST", f"{_path(image_id)}/captions", options))

    def retry(self, image_id: str) -> Image:
        """Try a failed photo again."""
        return _parsed(Image, self._sessions.call("POST", f"{_path(image_id)}/retry"))

    def download(self, image_id: str, *, with_captions: bool = False) -> bytes:
        """The stored original, on request with its captions in its metadata."""
        params = {"with": "captions"} if with_captions else None
        return self._sessions.call("GET", f"{_path(image_id)}/download", params=params).content

    def delete(self, image_id: str) -> None:
        """Delete one photo for good; nothing happens if there is none."""
        self._sessions.call("DELETE", _path(image_id))

    def _send_json(
        self, method: str, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        return self._sessions.call(
            method,
            path,
            headers={"Content-Type": "application/json", **(headers or {})},
            data=json.dumps(body).encode(),
        )


def _path(image_id: str) -> str:
    return f"/v1/images/{quote(image_id, safe='')}"


def _parsed(model: type[Answer], response: requests.Response) -> Answer:
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise Unreachable("unreadable answer") from error
