"""Whatever is sent: a problem with a stable code or a clean close, soon, and nothing echoed."""

import pytest

from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.conversation import (
    MARK,
    assert_is_problem,
    assert_log_is_silent,
    converse,
    request,
)
from tests.integration.gateway.test_submission import JPEG

# Refused by the parser, before anybody knows who is asking. The mark is in every one.
UNREADABLE: dict[str, tuple[bytes, set[int]]] = {
    "no-http": (b"\x16\x03\x01\x02\x00" + MARK.encode() + b"\r\n\r\n", {400}),
    "no-version": (f"GET /{MARK}\r\n\r\n".encode(), {400, 404}),
    "version-9": (f"GET /{MARK} HTTP/9.9\r\nHost: x\r\n\r\n".encode(), {400}),
    "version-2-preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + MARK.encode(), {400}),
    "bad-method": (f"{MARK}? / HTTP/1.1\r\nHost: x\r\n\r\n".encode(), {400}),
    "unknown-method": (f"{MARK} / HTTP/1.1\r\nHost: x\r\n\r\n".encode(), {400, 404, 405}),
    "no-host": (f"GET /{MARK} HTTP/1.1\r\n\r\n".encode(), {400}),
    "two-hosts": (f"GET /{MARK} HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".encode(), {400}),
    "nul-in-header": (f"GET / HTTP/1.1\r\nHost: x\r\nA: {MARK}\0\r\n\r\n".encode(), {400}),
    "nul-in-target": (f"GET /{MARK}\0 HTTP/1.1\r\nHost: x\r\n\r\n".encode(), {400}),
    "space-in-name": (f"GET / HTTP/1.1\r\nHost: x\r\nA {MARK}: y\r\n\r\n".encode(), {400}),
    "no-colon": (f"GET / HTTP/1.1\r\nHost: x\r\n{MARK}\r\n\r\n".encode(), {400}),
    "folded": (f"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n {MARK}\r\n\r\n".encode(), {400, 404}),
    "bare-cr": (f"GET / HTTP/1.1\r\nHost: x\r\nA: b\r{MARK}\r\n\r\n".encode(), {400}),
    "long-target": (f"GET /{MARK * 2000} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), {431}),
    "long-header": (f"GET / HTTP/1.1\r\nHost: x\r\nA: {MARK * 2000}\r\n\r\n".encode(), {431}),
    "long-name": (f"GET / HTTP/1.1\r\nHost: x\r\n{MARK * 2000}: y\r\n\r\n".encode(), {431}),
    "ten-thousand-headers": (
        b"GET / HTTP/1.1\r\nHost: x\r\n" + f"A: {MARK}\r\n".encode() * 10_000 + b"\r\n",
        {431},
    ),
    "negative-length": (
        f"POST /{MARK} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".encode(),
        {400},
    ),
    "huge-length": (
        f"POST /{MARK} HTTP/1.1\r\nHost: x\r\nContent-Length: {'9' * 40}\r\n\r\n".encode(),
        {400},
    ),
    "two-lengths": (
        f"POST /{MARK} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
        "Content-Length: 2\r\n\r\n".encode(),
        {400},
    ),
    "length-and-chunked": (
        b"POST /v1/images HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /"
        + MARK.encode()
        + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        {400},
    ),
    "chunked-twice": (
        b"POST /v1/images HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n"
        + MARK.encode(),
        {400},
    ),
    "chunked-misspelt": (
        b"POST /v1/images HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n"
        + MARK.encode(),
        {400, 401},
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_what_is_no_http_is_a_problem(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    sent, statuses = UNREADABLE[name]

    answer = await converse(gateway, sent)

    assert_is_problem(answer, statuses)
    assert (await gateway.http.get("/version")).status == 200
    assert_log_is_silent(gateway, caplog)


# With a token: what handlers have to refuse. Target, headers and body.
ID = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
UNACCEPTABLE: dict[str, tuple[str, str, tuple[str, ...], bytes, set[int]]] = {
    "path-dots": ("GET", f"/v1/images/%2e%2e/{MARK}", (), b"", {404}),
    "path-slash": ("GET", f"/v1/images/..%2f{MARK}", (), b"", {404}),
    "path-nul": ("GET", f"/v1/images/{MARK}%00", (), b"", {404}),
    "path-bad-utf-8": ("GET", f"/v1/images/%ff%fe{MARK}", (), b"", {404}),
    "path-half-escape": ("GET", f"/v1/images/%{MARK}%", (), b"", {400, 404}),
    "path-long": ("GET", f"/v1/images/{MARK * 1000}", (), b"", {404}),
    "path-admin-escaped": ("GET", f"/v1/%61dmin/queues?{MARK}", (), b"", {403}),
    "path-admin-slash": ("GET", f"/v1/admin%2fqueues?{MARK}", (), b"", {403, 404}),
    "absolute-form": ("GET", f"http://{MARK}.test/v1/images/x", (), b"", {404}),
    "absolute-form-bad-port": ("GET", f"http://{MARK}.test:99999999/v1/images/x", (), b"", {400}),
    "authority-form": ("CONNECT", f"{MARK}.test:443", (), b"", {400, 404, 405}),
    "asterisk-form": ("OPTIONS", "*", (f"X-A: {MARK}",), b"", {404, 405}),
    "unknown-method": ("PROPFIND", f"/v1/images?q={MARK}", (), b"", {405}),
    "trace": ("TRACE", "/v1/images", (f"X-A: {MARK}",), b"", {405}),
    "upgrade": (
        "GET",
        "/v1/images/x",
        ("Connection: upgrade", "Upgrade: websocket", f"X-A: {MARK}"),
        b"",
        {404},
    ),
    "limit-text": ("GET", f"/v1/images?limit={MARK}", (), b"", {400}),
    "limit-huge": ("GET", f"/v1/images?limit={'9' * 5000}&x={MARK}", (), b"", {400}),
    "limit-other-digits": ("GET", f"/v1/images?limit=%D9%A3&x={MARK}", (), b"", {400}),
    "cursor-garbage": ("GET", f"/v1/images?cursor={MARK}", (), b"", {400}),
    "cursor-bad-utf-8": ("GET", f"/v1/images?cursor=%ff{MARK}", (), b"", {400}),
    "wait-huge": ("GET", f"/v1/images/{ID}?wait={'9' * 400}{MARK}", (), b"", {400}),
    "if-none-match-garbage": (
        "GET",
        f"/v1/images/{ID}",
        (f'If-None-Match: "{MARK}", W/"\\", """,,,', f"If-Match: {'9' * 4000}"),
        b"",
        {404},
    ),
    "if-none-match-not-ascii": (
        "GET",
        f"/v1/images/{ID}",
        (f'If-None-Match: "\xff\xfe{MARK}"', "Prefer: wait=\xb2"),
        b"",
        {404},
    ),
    "range-garbage": (
        "GET",
        f"/v1/images/{ID}/download",
        (f"Range: bytes={MARK}", "If-Modified-Since: \xff"),
        b"",
        {404},
    ),
    "content-type-not-ascii": (
        "POST",
        "/v1/images",
        (f"Content-Type: \xff{MARK}", "Content-Length: 1"),
        b"x",
        {400, 415},
    ),
    "form-boundary-huge": (
        "POST",
        "/v1/images",
        (f"Content-Type: multipart/form-data; boundary={MARK * 100}", "Content-Length: 1"),
        b"x",
        {400},
    ),
    "form-boundary-empty": (
        "POST",
        "/v1/images",
        ('Content-Type: multipart/form-data; boundary=""', "Content-Length: 7"),
        MARK.encode(),
        {400},
    ),
    "form-part-of-many-headers": (
        "POST",
        "/v1/images",
        ("Content-Type: multipart/form-data; boundary=b", "Content-Length: 120031"),
        b"--b\r\n"
        + f"A{MARK}: bcd\r\n".encode().ljust(15, b"x") * 8000
        + b"\r\n\r\nx\r\n--b--\r\n"
        + b" " * 10,
        {400},
    ),
    "form-name-bad-utf-8": (
        "POST",
        "/v1/images",
        ("Content-Type: multipart/form-data; boundary=b", "Content-Length: 72"),
        b'--b\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\nH0ST1LE\r\n--b--\r\n'.ljust(
            72
        ),
        {400, 422},
    ),
    "form-unknown-part": (
        "POST",
        "/v1/images",
        ("Content-Type: multipart/form-data; boundary=b", "Transfer-Encoding: chunked"),
        b'4f\r\n--b\r\nContent-Disposition: form-data; name="H0ST"; filename="../../x"\r\n\r\n'
        b"xyz\r\n\r\n50\r\n--b\r\n"
        b'Content-Disposition: form-data; name="image"\r\n\r\n\xff\xd8\xff\xe0 hardly \r\n--b--\r\n'
        b"\r\n0\r\n\r\n",
        {400, 422},
    ),
    "gzip": (
        "POST",
        "/v1/images",
        ("Content-Encoding: gzip", "Content-Length: 7"),
        MARK.encode(),
        {415},
    ),
    "chunk-size-garbage": (
        "POST",
        "/v1/images",
        ("Transfer-Encoding: chunked",),
        f"{MARK}\r\nabc\r\n0\r\n\r\n".encode(),
        {400},
    ),
    "chunk-size-huge": (
        "POST",
        "/v1/images",
        ("Transfer-Encoding: chunked",),
        b"f" * 40 + b"\r\n" + MARK.encode(),
        {400},
    ),
    "chunk-longer-than-said": (
        "POST",
        "/v1/images",
        ("Transfer-Encoding: chunked",),
        b"2\r\n" + MARK.encode() + b"\r\n0\r\n\r\n",
        {400},
    ),
    "expectation-unknown": (
        "POST",
        f"/v1/{MARK}",
        ("Expect: a-miracle", "Content-Length: 7"),
        MARK.encode(),
        {404},
    ),
}


@pytest.mark.parametrize("name", UNACCEPTABLE)
async def test_what_makes_no_sense_is_a_problem(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    method, target, headers, body, statuses = UNACCEPTABLE[name]
    sent = request(method, target, *headers, token=gateway.token(), body=body)

    answer = await converse(gateway, sent)

    assert_is_problem(answer, statuses)
    assert await gateway.objects() == []
    assert (await gateway.http.get("/v1/images", headers=gateway.auth())).status == 200
    assert_log_is_silent(gateway, caplog)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(("Content-Length: 1000",), JPEG[:100], id="shorter-than-said"),
        pytest.param(("Transfer-Encoding: chunked",), b"ff\r\nabc", id="chunk-cut-off"),
        pytest.param(("Transfer-Encoding: chunked",), b"3\r\nabc\r\n", id="no-last-chunk"),
        pytest.param(("Transfer-Encoding: chunked",), b"", id="no-chunk"),
    ],
)
async def test_body_that_ends_early_leaves_nothing(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, headers: tuple[str, ...], body: bytes
) -> None:
    sent = request("POST", "/v1/images", *headers, token=gateway.token(), body=body)

    answer = await converse(gateway, sent, half_close=True)

    assert answer.status in {None, 400}
    assert await gateway.objects() == []
    assert (await gateway.http.get("/version")).status == 200
    assert_log_is_silent(gateway, caplog)


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/images", "/nothing"])
async def test_nobody_without_a_token_is_asked_for_a_body(gateway: Gateway, path: str) -> None:
    sent = request(
        "POST", path, "Expect: 100-continue", "Content-Length: 1000", token="not-a-token"
    )

    answer = await converse(gateway, sent)

    assert answer.status in {401, 404}
    assert not answer.raw.startswith(b"HTTP/1.1 100")


async def test_cursor_of_another_user_is_refused(gateway: Gateway) -> None:
    for _ in range(2):
        await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())
    page = await gateway.http.get("/v1/images?limit=1", headers=gateway.auth())
    cursor = (await page.json())["next_cursor"]

    stranger = gateway.as_somebody()
    response = await gateway.http.get(f"/v1/images?cursor={cursor}", headers=stranger.auth())

    assert (response.status, (await response.json())["code"]) == (400, "invalid_cursor")
