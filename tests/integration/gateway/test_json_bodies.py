"""What ``read_json`` refuses, seen from outside through the one route that deletes most."""

import pytest

from tests.integration.gateway.conftest import Gateway, Serve
from tests.integration.gateway.conversation import (
    assert_is_problem,
    assert_log_is_silent,
    converse,
    request,
)

JSON_BODIES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 400, "malformed_request"),
    "nul": (b"\0", 400, "malformed_request"),
    "bad-utf-8": (b'{"confirm": "\xff"}', 400, "malformed_request"),
    "utf-16": ('{"confirm": "x"}'.encode("utf-16"), 400, "malformed_request"),
    "array": (b'["confirm"]', 400, "malformed_request"),
    "text": (b'"confirm"', 400, "malformed_request"),
    "nan": (b'{"confirm": NaN}', 400, "malformed_request"),
    "infinity": (b'{"confirm": -Infinity}', 400, "malformed_request"),
    "overflow": (b'{"confirm": 1e999}', 400, "malformed_request"),
    "huge-integer": (b'{"confirm": ' + b"9" * 10_000 + b"}", 400, "malformed_request"),
    "name-twice": (b'{"confirm": "x", "confirm": "ingest"}', 400, "malformed_request"),
    "deep": (b'{"confirm": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", 400, "malformed_request"),
    "deep-objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "malformed_request"),
    "half-a-surrogate": (b'{"confirm": "\\ud800"}', 400, "malformed_request"),
    "escaped-nul": (b'{"confirm": "\\u0000"}', 400, "malformed_request"),
    "trailing": (b'{"confirm": "x"} x', 400, "malformed_request"),
    "too-large": (b'{"confirm": "' + b"x" * 70_000 + b'"}', 413, "request_entity_too_large"),
    "wrong-type": (b'{"confirm": {"H0ST1LE": 1}}', 422, "invalid_field"),
    "null": (b'{"confirm": null}', 422, "invalid_field"),
    "wrong-name": (b'{"confirm": "H0ST1LE"}', 422, "not_confirmed"),
}


@pytest.mark.parametrize("name", JSON_BODIES)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_json_that_is_none_is_a_problem(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, name: str, chunked: bool
) -> None:
    body, status, code = JSON_BODIES[name]
    token = gateway.token(**{"cognito:groups": ["admins"]})
    headers = ["Content-Type: application/json"]
    headers.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}")
    if chunked:
        body = (b"%x\r\n%s\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"

    answer = await converse(
        gateway,
        request("POST", "/v1/admin/queues/ingest/purge", *headers, token=token, body=body),
    )

    assert_is_problem(answer, {status})
    assert answer.code == code
    assert_log_is_silent(gateway, caplog)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Content-Type: text/plain",),
        ("Content-Type: application/json", "Content-Encoding: gzip"),
    ],
    ids=["none", "text", "gzip"],
)
async def test_json_of_another_type_is_refused(gateway: Gateway, headers: tuple[str, ...]) -> None:
    token = gateway.token(**{"cognito:groups": ["admins"]})
    body = b'{"confirm": "ingest"}'

    answer = await converse(
        gateway,
        request(
            "POST",
            "/v1/admin/queues/ingest/purge",
            *headers,
            f"Content-Length: {len(body)}",
            token=token,
            body=body,
        ),
    )

    assert_is_problem(answer, {415})


async def test_slow_json_has_a_deadline(serve: Serve) -> None:
    gateway = await serve(body_timeout_s=0.1)
    token = gateway.token(**{"cognito:groups": ["admins"]})
    headers = ("Content-Type: application/json", "Content-Length: 100")

    answer = await converse(
        gateway,
        request("POST", "/v1/admin/queues/ingest/purge", *headers, token=token, body=b"{"),
    )

    assert_is_problem(answer, {408})
    assert answer.code == "body_timeout"
