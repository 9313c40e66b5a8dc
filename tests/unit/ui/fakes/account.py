"""The user's own account: who they are, everything as a ZIP, and the deletion of it all."""

import io
import time
import zipfile
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from services.gateway.deletion import DeletionRequest
from services.gateway.problems import Problem
from services.gateway.transfers import attachment
from shared.api import (
    AccountView,
    DeletionCounts,
    DeletionView,
    ExportPartView,
    ExportView,
    ImagePage,
)
from shared.export_documents import header, row, without_urls
from shared.records import timestamp
from tests.unit.ui.fakes.answers import of_model, read_json
from tests.unit.ui.fakes.people import User
from tests.unit.ui.fakes.photos import Photo
from tests.unit.ui.fakes.state import STATE, USER, FakeGateway

EXPORT_ID = "0193f0c4-0000-7000-8000-000000000001"
routes = web.RouteTableDef()


@routes.get("/v1/me")
async def get_me(request: web.Request) -> web.Response:
    user = request[USER]
    view = AccountView(
        user_id=user.user_id,
        groups=list(user.groups),
        quota=user.quota(),
        images=len(request.app[STATE].photos_of(user.user_id)),
        retention_days=90,
    )
    return of_model(view, headers=user.headers())


@routes.get("/v1/me/export")
async def export(request: web.Request) -> web.Response:
    """A ZIP, or the place where its parts are listed."""
    gateway = request.app[STATE]
    photos = gateway.photos_of(request[USER].user_id)
    if len(photos) > gateway.export_at_once:
        headers = {"Location": f"/v1/me/exports/{EXPORT_ID}"}
        return of_model(_export(None), status=HTTPStatus.ACCEPTED, headers=headers)
    return _zip(gateway, photos, "captions")


@routes.get("/v1/me/exports/{export_id}")
async def get_export(request: web.Request) -> web.Response:
    gateway = request.app[STATE]
    photos = gateway.photos_of(request[USER].user_id)
    starts = range(0, len(photos), gateway.export_at_once)
    parts = [
        ExportPartView(
            part=number,
            images=len(photos[start : start + gateway.export_at_once]),
            max_bytes=2_000_000_000,
            url=f"/v1/me/exports/{EXPORT_ID}/parts/{number}",
        )
        for number, start in enumerate(starts, 1)
    ]
    return of_model(_export(parts))


@routes.get("/v1/me/exports/{export_id}/parts/{part}")
async def export_part(request: web.Request) -> web.Response:
    gateway, number = request.app[STATE], int(request.match_info["part"])
    start = (number - 1) * gateway.export_at_once
    photos = gateway.photos_of(request[USER].user_id)[start : start + gateway.export_at_once]
    return _zip(gateway, photos, f"captions-part-{number}")


def _export(parts: list[ExportPartView] | None) -> ExportView:
    now = timestamp(datetime.now(UTC))
    return ExportView(export_id=EXPORT_ID, created_at=now, expires_at=now, parts=parts)


def _zip(gateway: FakeGateway, photos: list[Photo], name: str) -> web.Response:
    out = io.BytesIO()
    table = header()
    views = []
    with zipfile.ZipFile(out, "w") as archive:
        for photo in photos:
            extension = photo.media_type.extension if photo.media_type else "bin"
            file = f"originals/{photo.image_id}.{extension}" if photo.is_prepared else None
            view = photo.view(gateway.url)
            table += row(view)
            views.append(without_urls(view, file))
            if file is not None:
                archive.writestr(file, photo.data)
        archive.writestr("captions.csv", table)
        archive.writestr("images.json", ImagePage(items=views).model_dump_json())
    return web.Response(
        body=out.getvalue(),
        content_type="application/zip",
        headers={"Content-Disposition": attachment(f"{name}-{datetime.now(UTC):%Y-%m-%d}.zip")},
    )


@routes.delete("/v1/me/data")
async def delete_all(request: web.Request) -> web.Response:
    """Everything is out of sight at once; asked again while one runs: the same deletion."""
    await read_json(request, DeletionRequest)
    gateway, user = request.app[STATE], request[USER]
    if user.deletion is None or _standing(gateway, user).status == "completed":
        _begin(gateway, user)
    view = _standing(gateway, user)
    if view.status == "completed":
        return of_model(view)
    headers = {"Location": f"/v1/me/data/deletions/{view.deletion_id}", "Retry-After": "1"}
    return of_model(view, status=HTTPStatus.ACCEPTED, headers=headers)


@routes.get("/v1/me/data/deletions/{deletion_id}")
async def get_deletion(request: web.Request) -> web.Response:
    user = request[USER]
    if user.deletion is None or user.deletion.deletion_id != request.match_info["deletion_id"]:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such deletion.")
    return of_model(_standing(request.app[STATE], user))


def _begin(gateway: FakeGateway, user: User) -> None:
    photos = gateway.photos_of(user.user_id)
    objects = sum(4 if photo.is_prepared else 1 for photo in photos)
    user.deletion = DeletionView(
        deletion_id=gateway.ids.new(),
        status="running",
        deleted=DeletionCounts(
            records=len(photos), objects=objects, object_versions=objects + len(photos)
        ),
        requested_at=timestamp(datetime.now(UTC)),
    )
    user.deleted_at = time.monotonic() + gateway.deletion_s
    gateway.images = {i: p for i, p in gateway.images.items() if p.owner != user.user_id}
    gateway.uploads = {i: u for i, u in gateway.uploads.items() if u.owner != user.user_id}


def _standing(gateway: FakeGateway, user: User) -> DeletionView:
    assert user.deletion is not None
    if user.deletion.status == "running" and time.monotonic() >= user.deleted_at:
        ended = {"status": "completed", "completed_at": timestamp(datetime.now(UTC))}
        user.deletion = user.deletion.model_copy(update=ended)
    return user.deletion
