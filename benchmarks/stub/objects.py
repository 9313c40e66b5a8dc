"""S3 in memory: whole objects by bucket and key, the newest of them only up to a size in all."""

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import hdrs, web

_KEPT = 256 * 1024 * 1024  # bytes; what is older is forgotten
_XML = "application/xml"


@dataclass(frozen=True, slots=True)
class _Object:
    data: bytes
    content_type: str
    headers: dict[str, str]


class Objects:
    """The objects of all buckets. Bodies are taken as they come: no signature is checked."""

    def __init__(self) -> None:
        self._objects: OrderedDict[str, _Object] = OrderedDict()
        self._size = 0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request with a path of ``/bucket`` or ``/bucket/key``."""
        if request.method == "POST" and "delete" in request.query:
            return _xml("<DeleteResult/>")  # quiet, and with nothing left behind
        if request.path.count("/") == 1 and request.method == "HEAD":
            return web.Response()
        if request.method == "PUT":
            return self._put(request, await request.read())
        if request.method == "DELETE":
            self._forget(request.path)
            return web.Response(status=HTTPStatus.NO_CONTENT)
        if request.method in {"GET", "HEAD"}:
            return self._get(request)
        raise NotImplementedError(f"{request.method} {request.path_qs}")

    def _put(self, request: web.BaseRequest, data: bytes) -> web.Response:
        self._forget(request.path)
        headers = {
            "ETag": f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"',
            "x-amz-version-id": secrets.token_urlsafe(24),
        }
        content_type = request.headers.get(hdrs.CONTENT_TYPE, "binary/octet-stream")
        self._objects[request.path] = _Object(data, content_type, headers)
        self._size += len(data)
        while self._size > _KEPT:
            self._forget(next(iter(self._objects)))
        checksum = request.headers.get("x-amz-checksum-crc32")
        return web.Response(
            headers=headers if checksum is None else {**headers, "x-amz-checksum-crc32": checksum}
        )

    def _get(self, request: web.BaseRequest) -> web.Response:
        found = self._objects.get(request.path)
        if found is None:
            text = "<Error><Code>NoSuchKey</Code><Message>There is none</Message></Error>"
            return _xml(text, HTTPStatus.NOT_FOUND)
        return web.Response(
            body=found.data, headers={**found.headers, hdrs.CONTENT_TYPE: found.content_type}
        )

    def _forget(self, path: str) -> None:
        found = self._objects.pop(path, None)
        if found is not None:
            self._size -= len(found.data)


def _xml(text: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(text=text, content_type=_XML, status=status)
