"""A small honest gateway for the client's tests: images in memory, keys kept, faults on request."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

JPEG = b"\xff\xd8\xff"


@dataclass
class Fault:
    """An answer given instead of the true one."""

    status: int
    code: str
    retry_after: int | None = None


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
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def submit(self, data: bytes, key: str, batch: str | None) -> dict[str, Any]:
        with self.lock:
            if key not in self.keys:
                self.keys[key] = image_id = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
                self.images[image_id] = {"batch": batch, "bytes": len(data)}
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

    def listed(self, query: dict[str, list[str]]) -> dict[str, Any]:
        with self.lock:
            ids = sorted(self.images, reverse=True)
        batch = query.get("batch", [None])[0]
        ids = [each for each in ids if batch is None or self.images[each]["batch"] == batch]
        start = int(query.get("cursor", ["0"])[0])
        limit = int(query["limit"][0])
        following = str(start + limit) if start + limit < len(ids) else None
        items = [self.view(each, self.status) for each in ids[start : start + limit]]
        return {"items": items, "next_cursor": following}


class _Handler(BaseHTTPRequestHandler):
    api: FakeApi
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(lambda _, query: (200, self.api.listed(query)))

    def do_POST(self) -> None:
        self._answer(self._submit)

    def do_PATCH(self) -> None:
        self._answer(lambda _, __: (500, {"code": "not_here"}))

    def _submit(self, data: bytes, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        time.sleep(self.api.delay_s)
        if not data.startswith(JPEG):
            return 415, {"code": "unsupported_media_type", "detail": "No photo."}
        key = self.headers["Idempotency-Key"]
        return 202, self.api.submit(data, key, query.get("batch", [None])[0])

    def _answer(self, act: Any) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        with self.api.lock:
            self.api.requests.append(f"{self.command} {url.path}")
            fault = self.api.faults.pop(0) if self.api.faults else None
            self.api.drop -= 1
            dropped = self.api.drop >= 0
        if dropped:
            self.close_connection = True
            return
        headers = {"X-Request-Id": "abc"}
        if fault is not None:
            status, body = fault.status, {"code": fault.code, "detail": "A fault."}
            if fault.retry_after is not None:
                headers["Retry-After"] = str(fault.retry_after)
        else:
            status, body = act(data, parse_qs(url.query))
        self._send(status, body, headers)

    def _send(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(encoded))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(encoded)


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
