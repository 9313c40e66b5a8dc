"""An honest small part of the gateway's API in memory, on a thread and a free port.

Photos move on one step every ``step_s`` seconds; with 0 they are done at once.
"""

import asyncio
import base64
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from PIL import Image

from shared.api import (
    CaptionsView,
    ErrorView,
    ImageView,
    LabelView,
    OriginalView,
    ProblemBody,
    ProviderView,
    ThumbnailView,
)
from shared.errors import FailureCode
from shared.records import Status, timestamp

_STATUSES = (Status.QUEUED, Status.INGESTING, Status.CAPTIONING, Status.COMPLETED)


@dataclass
class FakeGateway:
    """Counters and switches for tests; ``url`` is set once it runs."""

    step_s: float = 0.0
    token: str = "good"
    down: bool = False
    submits: int = 0
    lists: int = 0
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    thumbnails: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    refuse: tuple[int, str] | None = None
    peers: set[tuple[str, int]] = field(default_factory=set)
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=32 * 1024 * 1024, middlewares=[self._guard])
        app.router.add_post("/v1/images", self._submit)
        app.router.add_get("/v1/images", self._list)
        app.router.add_get("/v1/images/{id}", self._get)
        app.router.add_post("/v1/images/{id}/retry", self._retry)
        app.router.add_get("/thumbnails/{id}", self._thumbnail)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.transport is not None:
            self.peers.add(request.transport.get_extra_info("peername"))
        if request.path.startswith("/thumbnails/"):
            return await handler(request)
        if self.down:
            return _problem(503, "dependency_unavailable", retry_after=1)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _problem(401, "invalid_token")
        return await handler(request)

    async def _submit(self, request: web.Request) -> web.Response:
        data = await request.read()
        self.submits += 1
        if self.refuse is not None:
            return _problem(*self.refuse, retry_after=600)
        key = request.headers.get("Idempotency-Key", uuid.uuid4().hex)
        if key not in self.keys:
            self.keys[key] = self._store(data, request.query.get("batch"))
        return web.json_response(self._view(self.keys[key]), status=202)

    def _store(self, data: bytes, batch: str | None) -> str:
        image_id = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
        record: dict[str, Any] = {
            "batch": batch,
            "since": time.monotonic(),
            "made": time.time(),
            "bytes": len(data),
        }
        try:
            with Image.open(BytesIO(data)) as image:
                record["size"] = image.size
                image.thumbnail((300, 300))
                out = BytesIO()
                image.convert("RGB").save(out, "JPEG")
                colour = image.convert("RGB").resize((1, 1)).tobytes()
            self.thumbnails[image_id] = out.getvalue()
            record["text"] = f"#{colour[0]:02x}{colour[1]:02x}{colour[2]:02x}"
        except OSError:
            record["broken"] = True
        self.images[image_id] = record
        return image_id

    def add(
        self, data: bytes, *, batch: str | None = None, failed_by: FailureCode | None = None
    ) -> str:
        """A photo that was handed in earlier; another try helps it if it failed."""
        image_id = self._store(data, batch)
        if failed_by is not None:
            self.images[image_id].update(broken=True, code=failed_by)
        return image_id

    def _view(self, image_id: str) -> dict[str, Any]:
        """The whole answer of the contract, and a field that it doesn't have yet."""
        record = self.images[image_id]
        age = time.monotonic() - record["since"]
        step = 3 if self.step_s == 0 else min(3, int(age / self.step_s))
        failed = bool(record.get("broken")) and step >= 1
        done = step == 3 and not failed
        made = timestamp(datetime.fromtimestamp(record["made"], UTC))
        picture = self._picture(image_id) if step >= 2 and not failed else None
        view = ImageView(
            image_id=image_id,
            status=Status.FAILED if failed else _STATUSES[step],
            version=step + 1,
            created_at=made,
            updated_at=made,
            batch=record["batch"],
            original=OriginalView(**picture.model_dump()) if picture else None,
            thumbnail=picture,
            labels=[LabelView(name="Cat", confidence=0.9, source="local")] if picture else None,
            captions=_captions(record["text"]) if done else None,
            provider=ProviderView(name="local", model="fake", degraded=True) if done else None,
            error=_error(record) if failed else None,
        )
        return view.model_dump(mode="json") | {"a_field_from_the_future": {"x": 1}}

    def _picture(self, image_id: str) -> ThumbnailView:
        record = self.images[image_id]
        return ThumbnailView(
            content_type="image/jpeg",
            bytes=record["bytes"],
            width=record["size"][0],
            height=record["size"][1],
            url=f"{self.url}/thumbnails/{image_id}",
            url_expires_at="2126-11-22T12:00:00.000Z",
        )

    async def _list(self, request: web.Request) -> web.Response:
        self.lists += 1
        batch = request.query.get("batch")
        limit = int(request.query.get("limit", "20"))
        before = request.query.get("cursor")
        wanted = request.query.get("q", "")
        ids = sorted(
            (
                i
                for i, r in self.images.items()
                if batch in {None, r["batch"]} and wanted in str(self._view(i)["captions"])
            ),
            reverse=True,
        )
        if before:
            ids = [i for i in ids if i < base64.urlsafe_b64decode(before).decode()]
        page = ids[:limit]
        cursor = base64.urlsafe_b64encode(page[-1].encode()).decode() if len(ids) > limit else None
        return web.json_response({"items": [self._view(i) for i in page], "next_cursor": cursor})

    async def _get(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.images:
            return _problem(404, "not_found")
        return web.json_response(self._view(request.match_info["id"]))

    async def _retry(self, request: web.Request) -> web.Response:
        image_id = request.match_info["id"]
        view = self._view(image_id)
        if view["status"] != "failed":
            return _problem(409, "not_failed")
        if not view["error"]["retryable"]:
            return _problem(409, "not_retryable")
        self.images[image_id].update(since=time.monotonic(), broken=False)
        return web.json_response(self._view(image_id), status=202)

    async def _thumbnail(self, request: web.Request) -> web.Response:
        data = self.thumbnails[request.match_info["id"]]
        return web.Response(body=data, content_type="image/jpeg")


def _captions(text: str) -> CaptionsView:
    return CaptionsView(
        concise=f"A photo in <b>{text}</b> & *more*",
        creative=f"Light of {text} stays where the afternoon left it.",
        alt_text=f"A scene dominated by the colour {text}",
        language="en",
    )


def _error(record: dict[str, Any]) -> ErrorView:
    return ErrorView(
        code=record.get("code", "undecodable_image"),
        detail="It came to nothing.",
        retryable="code" in record,
        stage="ingest",
    )


def _problem(status: int, code: str, *, retry_after: int | None = None) -> web.Response:
    body = ProblemBody(
        type=f"/problems/{code}",
        title=code,
        status=status,
        detail="A sentence for people.",
        code=code,
        request_id="abc",
        retryable=retry_after is not None,
    )
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return web.json_response(text=body.model_dump_json(), status=status, headers=headers)


@contextmanager
def running(gateway: FakeGateway) -> Iterator[FakeGateway]:
    """Serve ``gateway`` on a free port of the loopback until the block ends."""
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(gateway.app(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        gateway.url = f"http://{host}:{port}"
        return runner

    def work() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(serve())
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield gateway
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
