"""What ``POST /v1/images`` refuses: with which status and code, and with nothing left behind."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import FormData

from tests.deadlines import until
from tests.integration.gateway.conftest import Gateway, Serve
from tests.integration.gateway.test_submission import JPEG

MEBIBYTE = 1024 * 1024
PROBLEM_FIELDS = {
    "type",
    "title",
    "status",
    "detail",
    "code",
    "request_id",
    "trace_id",
    "retryable",
}


async def submit(gateway: Gateway, data: Any, query: str = "") -> tuple[int, dict[str, Any]]:
    if isinstance(data, bytes):
        data = io.BytesIO(data)
    response = await gateway.http.post(f"/v1/images{query}", data=data, headers=gateway.auth())
    assert response.content_type == "application/problem+json"
    body = await response.json()
    assert set(body) >= PROBLEM_FIELDS
    assert body["status"] == response.status
    assert body["request_id"] == response.headers["X-Request-Id"]
    return response.status, body


def form(image: bytes | None = JPEG, **fields: str) -> FormData:
    data = FormData(default_to_multipart=True)
    if image is not None:
        data.add_field("image", io.BytesIO(image), filename="photo.jpg", content_type="image/jpeg")
    for name, value in fields.items():
        data.add_field(name, value)
    return data


async def chunks(total: int) -> AsyncIterator[bytes]:
    yield JPEG[:4]
    for _ in range(total // 65536):
        yield bytes(65536)


async def test_text_named_jpg_is_refused_whatever_it_claims(gateway: Gateway) -> None:
    status, body = await submit(gateway, form(b"I am a photo, honestly."))

    assert (status, body["code"]) == (415, "unsupported_media_type")
    assert await gateway.objects() == []


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: bytes(11 * MEBIBYTE), id="raw"),
        pytest.param(lambda: form(bytes(11 * MEBIBYTE)), id="form"),
        pytest.param(lambda: chunks(11 * MEBIBYTE), id="raw-without-length"),
        pytest.param(lambda: form(JPEG + bytes(10 * MEBIBYTE - len(JPEG) + 1)), id="form-by-one"),
        pytest.param(lambda: JPEG + bytes(10 * MEBIBYTE - len(JPEG) + 1), id="raw-by-one"),
    ],
)
async def test_more_than_ten_mebibytes_are_refused_and_nothing_is_kept(
    gateway: Gateway, make: Any
) -> None:
    status, body = await submit(gateway, make())

    assert (status, body["code"]) == (413, "image_too_large")
    assert await gateway.objects() == []


async def test_ten_mebibytes_to_the_byte_are_accepted(gateway: Gateway) -> None:
    photo = JPEG + bytes(10 * MEBIBYTE - len(JPEG))

    raw = await gateway.http.post("/v1/images", data=io.BytesIO(photo), headers=gateway.auth())
    formed = await gateway.http.post("/v1/images", data=form(photo), headers=gateway.auth())

    assert (raw.status, formed.status) == (202, 202)


@pytest.mark.parametrize(
    ("data", "query", "pointer"),
    [
        pytest.param(JPEG, "?labels=maybe", "labels", id="labels"),
        pytest.param(JPEG, "?keep_exif=1", "keep_exif", id="keep_exif"),
        pytest.param(JPEG, "?language=klingon_", "language", id="language"),
        pytest.param(JPEG, f"?style={'x' * 201}", "style", id="style-too-long"),
        pytest.param(JPEG, "?style=%00", "style", id="style-control"),
        pytest.param(JPEG, "?batch=a/b", "batch", id="batch"),
        pytest.param(JPEG, "?langauge=de", "langauge", id="unknown"),
        pytest.param(JPEG, "?batch=a&batch=b", "batch", id="repeated"),
        pytest.param(None, "", "batch", id="form-field-too-long"),
    ],
)
async def test_bad_option_is_named(
    gateway: Gateway, data: bytes | None, query: str, pointer: str
) -> None:
    status, body = await submit(gateway, data or form(batch="x" * 5000), query)

    assert (status, body["code"]) == (422, "invalid_option")
    assert [fault["pointer"] for fault in body["errors"]] == [pointer]
    assert await gateway.objects() == []


@pytest.mark.parametrize("empty", [b"", "form"])
async def test_empty_image_is_refused(gateway: Gateway, empty: Any) -> None:
    status, body = await submit(gateway, form(b"") if empty == "form" else empty)

    assert (status, body["code"]) == (422, "empty_image")


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        pytest.param({"Content-Type": "multipart/form-data"}, b"x", id="no-boundary"),
        pytest.param({"Content-Type": "multipart/form-data; boundary=b"}, b"x", id="no-parts"),
        pytest.param(
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + JPEG,
            id="cut-off",
        ),
        pytest.param(
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="image"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n/9j/\r\n--b--\r\n",
            id="encoded-part",
        ),
        pytest.param(
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="batch"\r\n\r\nx\r\n--b--\r\n',
            id="no-image",
        ),
        pytest.param(
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="batch"\r\n\r\n\xff\r\n--b--\r\n',
            id="not-utf-8",
        ),
    ],
)
async def test_malformed_form_is_refused(
    gateway: Gateway, headers: dict[str, str], data: bytes
) -> None:
    response = await gateway.http.post("/v1/images", data=data, headers=gateway.auth() | headers)

    assert response.status == 400
    assert (await response.json())["code"] == "malformed_request"
    assert await gateway.objects() == []


async def test_slow_body_times_out_and_the_connection_closes(serve: Serve) -> None:
    gateway = await serve(body_timeout_s=0.05)
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    writer.write(_head(gateway, "Content-Length: 1000") + JPEG[:100])
    answer = await reader.readuntil(b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()
    writer.close()


async def test_bad_token_is_refused_without_asking_for_the_body(gateway: Gateway) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    writer.write(_head(gateway, "Content-Length: 1000", "Expect: 100-continue", token="x"))
    answer = await reader.readline()

    assert answer.startswith(b"HTTP/1.1 401")
    writer.close()


async def test_too_long_a_body_is_refused_before_it_is_asked_for(gateway: Gateway) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    writer.write(_head(gateway, "Content-Length: 11000000", "Expect: 100-continue"))
    answer = await reader.readline()

    assert answer.startswith(b"HTTP/1.1 413")
    writer.close()


async def test_body_is_asked_for_once_it_is_wanted(gateway: Gateway) -> None:
    response = await gateway.http.post(
        "/v1/images", data=JPEG, headers=gateway.auth(), expect100=True
    )

    assert response.status == 202


async def test_seventh_upload_of_a_user_at_a_time_is_refused(serve: Serve) -> None:
    gateway = await serve(upload_wait_s=0.05)
    host, port = gateway.url.removeprefix("http://").split(":")
    held = [await asyncio.open_connection(host, int(port)) for _ in range(6)]
    for reader, writer in held:
        writer.write(_head(gateway, "Content-Length: 1000", "Expect: 100-continue"))
        assert (await reader.readline()).startswith(b"HTTP/1.1 100")

    status, body = await submit(gateway, JPEG)

    assert (status, body["code"], body["retryable"]) == (429, "too_many_uploads", True)
    for _, writer in held:
        writer.close()


async def test_uploads_beyond_the_budget_are_refused(serve: Serve) -> None:
    gateway = await serve(upload_budget_bytes=11 * MEBIBYTE)
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(_head(gateway, f"Content-Length: {10 * MEBIBYTE}", "Expect: 100-continue"))
    await reader.readline()

    status, body = await submit(gateway, JPEG + bytes(2 * MEBIBYTE))

    assert (status, body["code"]) == (503, "overloaded")
    writer.close()


@pytest.mark.parametrize("service", ["S3", "SQS"])
async def test_failed_submission_leaves_nothing_behind(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
    gateway = await serve()

    status, body = await submit(gateway, JPEG)

    async def gone() -> bool:
        page = await gateway.records.page(gateway.user, limit=10)
        return not page.records and not await gateway.objects()

    assert (status, body["code"]) == (503, "dependency_unavailable")
    await until(gone)


def _head(gateway: Gateway, *headers: str, token: str | None = None) -> bytes:
    token = token or gateway.token()
    lines = [
        "POST /v1/images HTTP/1.1",
        "Host: gateway.test",
        f"Authorization: Bearer {token}",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
