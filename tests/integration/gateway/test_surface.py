"""What every answer carries, the probes, and the way in and out for a browser."""

import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.gateway.conftest import LOGOUT_URL, Gateway, Serve


async def test_unknown_path_is_a_problem(gateway: Gateway) -> None:
    response = await gateway.http.get("/nothing")

    assert response.status == 404
    assert response.content_type == "application/problem+json"
    assert (await response.json())["code"] == "not_found"


async def test_wrong_method_says_which_are_right(gateway: Gateway) -> None:
    response = await gateway.http.delete("/v1/images", headers=gateway.auth())

    assert response.status == 405
    assert response.headers["Allow"] == "GET,HEAD,POST"
    assert (await response.json())["code"] == "method_not_allowed"


async def test_our_own_mistake_is_a_problem_that_tells_nothing_of_it(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = await serve(records_table="there-is-no-such-table")

    response = await gateway.http.get("/v1/images", headers=gateway.auth())

    body = await response.json()
    assert (response.status, body["code"]) == (500, "internal_error")
    assert "table" not in str(body)
    assert "unhandled" in caplog.text


@pytest.mark.parametrize(
    ("asked", "kept"),
    [("abc-123", True), ("x" * 128, True), ("x" * 129, False), ("a b", False), ("", False)],
)
async def test_sane_request_id_is_kept(gateway: Gateway, asked: str, kept: bool) -> None:
    response = await gateway.http.get("/version", headers={"X-Request-Id": asked})

    assert (response.headers["X-Request-Id"] == asked) is kept
    assert 0 < len(response.headers["X-Request-Id"]) <= 128


@pytest.mark.parametrize("path", ["/v1/images", "/v1/x", "/v1", "/auth/logout", "/auth/x"])
async def test_private_answers_are_not_stored(gateway: Gateway, path: str) -> None:
    response = await gateway.http.get(path, headers=gateway.auth(), allow_redirects=False)

    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_ready_when_everything_answers(gateway: Gateway) -> None:
    response = await gateway.http.get("/readyz")

    assert response.status == 200
    assert set((await response.json())["checks"]) == {"dynamodb", "s3", "sqs", "jwks"}
    assert (await gateway.http.get("/healthz")).status == 200


async def test_unready_names_what_does_not_answer(serve: Serve) -> None:
    gateway = await serve(images_bucket="there-is-no-such-bucket")
    gateway.issuer.down = True

    response = await gateway.http.get("/readyz")

    assert response.status == 503
    assert [fault["pointer"] for fault in (await response.json())["errors"]] == ["s3", "jwks"]


async def test_log_line_has_the_route_and_no_value(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    headers = gateway.auth()

    await gateway.http.get(
        "/v1/images/0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b?q=SECRET", headers=headers
    )

    [line] = [vars(record) for record in caplog.records if record.message == "request"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/images/{image_id}", 404)
    assert not any("SECRET" in str(vars(record)) for record in caplog.records)
    assert not any(headers["Authorization"][7:] in str(vars(record)) for record in caplog.records)


async def test_discovery_document_points_sign_out_to_us(gateway: Gateway) -> None:
    response = await gateway.http.get("/auth/openid-configuration")

    document = await response.json()
    assert document["end_session_endpoint"] == "http://gateway.test/auth/logout"
    assert "issuer" in document


async def test_discovery_fails_as_unavailable(serve: Serve) -> None:
    gateway = await serve()
    gateway.issuer.down = True

    assert (await gateway.http.get("/auth/openid-configuration")).status == 503


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"logout_uri": LOGOUT_URL},
        {"post_logout_redirect_uri": LOGOUT_URL, "id_token_hint": "x", "client_id": "y"},
    ],
    ids=["none", "cognito", "streamlit"],
)
async def test_logout_goes_on_to_the_provider(gateway: Gateway, parameters: dict[str, Any]) -> None:
    response = await gateway.http.get("/auth/logout", params=parameters, allow_redirects=False)

    target = urlsplit(response.headers["Location"])
    assert response.status == 302
    assert f"{target.scheme}://{target.netloc}{target.path}" == "https://sign-in.test/logout"
    assert parse_qs(target.query) == {"client_id": ["client-of-ours"], "logout_uri": [LOGOUT_URL]}


@pytest.mark.parametrize("address", ["https://evil.test/", f"{LOGOUT_URL}/", "", "//evil.test"])
async def test_logout_leads_nowhere_else(gateway: Gateway, address: str) -> None:
    response = await gateway.http.get(
        "/auth/logout", params={"post_logout_redirect_uri": address}, allow_redirects=False
    )

    assert response.status == 400
