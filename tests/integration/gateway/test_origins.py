"""Headers for browsers: what every answer says, and which other pages may call."""

import pytest

from tests.integration.gateway.conftest import Gateway, Serve

PAGE = "https://page.test"
ASKS = {"Origin": PAGE, "Access-Control-Request-Method": "PATCH"}


@pytest.mark.parametrize("path", ["/version", "/v1/images", "/nothing", "/healthz"])
async def test_every_answer_says_how_it_may_be_used(gateway: Gateway, path: str) -> None:
    response = await gateway.http.get(path)

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in response.headers


async def test_browsers_stay_on_https_where_it_is_served(serve: Serve) -> None:
    gateway = await serve(public_url="https://gateway.test")

    response = await gateway.http.get("/version")

    assert response.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_no_page_of_another_origin_may_call_by_default(gateway: Gateway) -> None:
    asked = await gateway.http.options("/v1/images", headers=ASKS)
    got = await gateway.http.get("/version", headers={"Origin": PAGE})

    assert asked.status in {401, 405}
    assert not any(name.startswith("Access-Control") for name in [*asked.headers, *got.headers])


async def test_named_page_may_call(serve: Serve) -> None:
    gateway = await serve(cors_origins=(PAGE,))

    asked = await gateway.http.options("/v1/images/x", headers=ASKS)
    got = await gateway.http.get("/v1/images", headers=gateway.auth() | {"Origin": PAGE})
    refused = await gateway.http.get("/v1/images", headers={"Origin": PAGE})

    assert asked.status == 204
    assert "PATCH" in asked.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    for response in (asked, got, refused):
        assert response.headers["Access-Control-Allow-Origin"] == PAGE
        assert response.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in response.headers
    assert "ETag" in got.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "origin",
    ["https://page.test.evil.test", "http://page.test", "https://PAGE.test", "null", ""],
)
async def test_other_pages_may_not(serve: Serve, origin: str) -> None:
    gateway = await serve(cors_origins=(PAGE,))

    asked = await gateway.http.options("/v1/images", headers=ASKS | {"Origin": origin})

    assert asked.status in {401, 405}
    assert "Access-Control-Allow-Origin" not in asked.headers


@pytest.mark.parametrize("origin", ["*", "https://page.test/", "page.test", "https://a.test/x"])
async def test_origin_that_is_none_is_a_bad_setting(serve: Serve, origin: str) -> None:
    with pytest.raises(ValueError, match="cors_origins"):
        await serve(cors_origins=(origin,))
