"""The rest of the contract for the client's tests, answered with the contract's own models."""

import re
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal

from shared import api
from tests.unit.clients.fake_api import Asked, FakeApi, Reply, unless_known

NOW = "2026-11-22T12:00:00.000Z"
DELETION = "0193-deletion"
EXPORT = "0193-export"
UPLOAD = "0193-upload"


@dataclass
class Rest:
    """Answers for ``server``; what it was asked is in ``asked``."""

    server: FakeApi
    in_parts: bool = False
    cut_off: bool = False
    deletion: Literal["running", "completed"] = "completed"
    asked: list[Asked] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if asked.path != "/bucket" and asked.headers.get("Authorization") != "Bearer token":
            return Reply(401, {"code": "invalid_token"})
        if found := re.fullmatch(r"/v1/images/([^/]+)(?:/(\w+))?", asked.path):
            if found[1] not in self.server.images:
                return Reply(404, {"code": "not_found", "detail": "There is no such image."})
            return self._image(asked, found[1], found[2])
        return self._other(asked)

    def _image(self, asked: Asked, image_id: str, action: str | None) -> Reply:
        view = self.server.view(image_id, self.server.status)
        match asked.method, action:
            case "PATCH", None:
                reply = self._edited(asked, view)
            case "DELETE", None:
                del self.server.images[image_id]
                reply = Reply(204, b"")
            case "GET", "download":
                captioned = asked.query.get("with") == "captions"
                data = self.server.images[image_id]["data"]
                reply = Reply(200, data + b"XMP" if captioned else data)
            case "POST", "retry" if view["status"] != "failed":
                reply = Reply(409, {"code": "not_failed", "detail": "The image is completed."})
            case "POST", _:
                reply = Reply(202, view | {"status": "queued"})
            case _:
                reply = unless_known(asked, f'"{view["version"]}"', Reply(200, view))
        return reply

    def _edited(self, asked: Asked, view: dict[str, Any]) -> Reply:
        if asked.headers.get("If-Match", f'"{view["version"]}"') != f'"{view["version"]}"':
            return Reply(412, {"code": "precondition_failed", "detail": "It has changed."})
        captions = view["captions"] | asked.json()["captions"] | {"edited": True}
        return Reply(200, view | {"captions": captions, "version": view["version"] + 1})

    def _other(self, asked: Asked) -> Reply:
        routes = {
            "GET /v1/me": self._account,
            "GET /v1/batches/b.1": self._batch,
            "GET /v1/me/export": self._exported,
            f"GET /v1/me/exports/{EXPORT}": lambda: _of(200, _export([_part(1), _part(2)])),
            f"GET /v1/me/exports/{EXPORT}/parts/1": lambda: self._exported_part(asked),
            "DELETE /v1/me/data": lambda: self._delete_all(asked),
            f"GET /v1/me/data/deletions/{DELETION}": self._deletion,
            "POST /v1/uploads": self._form,
            "POST /bucket": lambda: self._take(asked),
            f"POST /v1/uploads/{UPLOAD}/complete": self._complete,
        }
        route = routes.get(f"{asked.method} {asked.path}")
        return Reply(404, {"code": "not_found"}) if route is None else route()

    def _account(self) -> Reply:
        quota = api.QuotaView(limit=60, window_s=3600, remaining=59, resets_at=NOW)
        images = len(self.server.images)
        account = api.AccountView(
            user_id="ana", groups=["admins"], quota=quota, images=images, retention_days=30
        )
        return _of(200, account)

    def _batch(self) -> Reply:
        return _of(200, api.BatchView(batch="b.1", counts=api.BatchCounts(total=2)))

    def _exported(self) -> Reply:
        if self.in_parts:
            return _of(202, _export(None))
        return Reply(200, self._archive(), cut_off=self.cut_off)

    def _exported_part(self, asked: Asked) -> Reply:
        whole = asked.query == {"after": "a", "through": "b"}
        return Reply(200, self._archive()) if whole else Reply(400, {"code": "malformed_request"})

    def _delete_all(self, asked: Asked) -> Reply:
        if asked.json() != {"confirm": "delete my data"}:
            return Reply(422, {"code": "not_confirmed"})
        return _of(200 if self.deletion == "completed" else 202, self._receipt())

    def _deletion(self) -> Reply:
        self.deletion = "completed"
        return _of(200, self._receipt())

    def _form(self) -> Reply:
        form = api.DirectUploadView(
            upload_id=UPLOAD,
            url=f"{self.server.url}/bucket",
            fields={"key": "u/1", "policy": "p", "Content-Type": "image/jpeg"},
            expires_at=NOW,
        )
        return _of(201, form)

    def _take(self, asked: Asked) -> Reply:
        self.uploads[UPLOAD] = asked.data
        return Reply(204, b"")

    def _complete(self) -> Reply:
        if not self.uploads:
            return Reply(409, {"code": "upload_missing", "detail": "Nothing yet."})
        return Reply(202, self.server.submit(b"", UPLOAD, None))

    def _archive(self) -> bytes:
        out = BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for image_id, image in self.server.images.items():
                archive.writestr(f"originals/{image_id}.jpg", image["data"])
        return out.getvalue()

    def _receipt(self) -> api.DeletionView:
        return api.DeletionView(
            deletion_id=DELETION,
            status=self.deletion,
            deleted=api.DeletionCounts(records=1, objects=3, object_versions=4),
            requested_at=NOW,
            completed_at=NOW if self.deletion == "completed" else None,
        )


def _export(parts: list[api.ExportPartView] | None) -> api.ExportView:
    return api.ExportView(export_id=EXPORT, created_at=NOW, expires_at=NOW, parts=parts)


def _part(number: int) -> api.ExportPartView:
    url = f"/v1/me/exports/{EXPORT}/parts/{number}?after=a&through=b"
    return api.ExportPartView(part=number, images=500, max_bytes=10, url=url)


def _of(status: int, view: api.Body) -> Reply:
    return Reply(status, view.model_dump(mode="json") | {"a_field_from_tomorrow": [1]})
