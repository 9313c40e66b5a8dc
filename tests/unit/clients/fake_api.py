"""A small honest gateway for the client's tests: images in memory, keys kept, faults on request."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

JPEG = b"\xff\xd8\xff"


@dataclass
class Asked:
    """A request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    data: bytes

    def json(self) -> dict[str, Any]:
        assert self.headers["Content-Type"] == "application/json"
        body: dict[str, Any] = json.loads(self.data)
        return body


@dataclass
class Reply:
    """An answer; ``cut_off`` breaks the connection half-way through its body."""

    status: int
    body: dict[str, Any] | bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut_off: bool = False


@dataclass
class Fault:
    """A problem given instead of the true answer, or ``page``, which is none."""

    status: int
    code: str
    retry_after: int | None = None
    page: bytes | None = None

    def reply(self) -> Reply:
        after = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        body = {"code": self.code, "detail": "A fault.", "trace_id": None}
        return Reply(self.status, self.page or body, after)


@dataclass
class FakeApi:
    """Switches and counters. ``delay_s`` is how long an upload takes."""

    delay_s: float = 0.0
    status: str = "completed"
    faults: list[Fault] = field(default_factory=list)
    drop: int = 0  # requests to break off before the answer
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    rest: Callable[[Asked], Reply] | None = None  # what else is served, see ``fake_rest``
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def reply(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/v1/images":
                body = self.listed(asked.query)
                return unless_known(asked, f'W/"{hash(str(body))}"', Reply(200, body))
            case "POST", "/v1/images":
                return self._submitted(asked)
            case _ if self.rest is not None:
                return self.rest(asked)
            case _:
                return Reply(404, {"code": "not_found"})

    def _submitted(self, asked: Asked) -> Reply:
        time.sleep(self.delay_s)
        if not asked.data.startswith(JPEG):
            return Reply(415, {"code": "unsupported_media_type", "detail": "No photo."})
        key = asked.headers["Idempotency-Key"]
        kept = asked.query.get("keep_exif") == "true"
        return Reply(202, self.submit(asked.data, key, asked.query.get("batch"), kept=kept))

    def submit(
        self, data: bytes, key: str, batch: str | None, *, kept: bool = False
    ) -> dict[str, Any]:
        with self.lock:
            if key not in self.keys:
                self.keys[key] = image_id = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
                photo = {"taken_at": "2024-05-01T18:30:09", "camera": "=Camera"} if kept else None
                self.images[image_id] = {"batch": batch, "data": data, "photo": photo}
            return self.view(self.keys[key], "queued")

    def view(self, image_id: str, status: str) -> dict[str, Any]:
        return {
            "image_id": image_id,
            "status": status,
            "version": 3,
            "created_at": "2026-11-22T12:00:00.000Z",
            "updated_at": "2026-11-22T12:00:00.000Z",
            "batch": self.images[image_id]["batch"],
            "captions": {
                "concise": "=A cat",
                "creative": "c",
                "alt_text": "a",
                "language": "en",
            }
            if status == "completed"
            else None,
            "labels": [{"name": "Cat", "confidence": 0.9, "source": "local"}],
            "photo": self.images[image_id]["photo"],
            "provider": {
                "name": "local",
                "model": "m",
                "degraded": True,
                "attempts": [
                    {"provider": "p", "model": "m", "outcome": "from_tomorrow", "duration_ms": 1}
                ],
            },
            "timeline": [{"stage": "from_tomorrow", "started_at": "…", "duration_ms": 1}],
            "a_field_from_tomorrow": {"x": 1},
        }

    def listed(self, query: dict[str, str]) -> dict[str, Any]:
        with self.lock:
            ids = sorted(self.images, reverse=True)
        batch = query.get("batch")
        ids = [each for each in ids if batch is None or self.images[each]["batch"] == batch]
        start = int(query.get("cursor", "0"))
        limit = int(query["limit"])
        following = str(start + limit) if start + limit < len(ids) else None
        items = [self.view(each, self.status) for each in ids[start : start + limit]]
        return {"items": items, "next_cursor": following}


def unless_known(asked: Asked, etag: str, reply: Reply) -> Reply:
    """``reply``, or 304 for a client that has it."""
    known = asked.headers.get("If-None-Match") == etag
    return Reply(304 if known else reply.status, b"" if known else reply.body, {"ETag": etag})


class _Handler(BaseHTTPRequestHandler):
    api: FakeApi
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        with self.api.lock:
            self.api.connections += 1

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        with self.api.lock:
            self.api.requests.append(f"{self.command} {url.path}")
            fault = self.api.faults.pop(0) if self.api.faults else None
            self.api.drop -= 1
            dropped = self.api.drop >= 0
        if dropped:
            self.close_connection = True
        elif fault is not None:
            self._send(fault.reply())
        else:
            asked = Asked(self.command, url.path, query, dict(self.headers), data)
            self._send(self.api.reply(asked))

    def _send(self, reply: Reply) -> None:
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        sent = body[: len(body) // 2] if reply.cut_off else body
        self.send_response(reply.status)
        headers = {"X-Request-Id": "abc", "Content-Length": str(len(body))} | reply.headers
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)
        self.close_connection = self.close_connection or reply.cut_off


@contextmanager
def running(api: FakeApi) -> Iterator[FakeApi]:
    """Serve ``api`` on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"api": api}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
