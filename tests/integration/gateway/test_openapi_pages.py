import re

from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.integration.gateway.conftest import Gateway


async def test_the_document_is_served_without_a_token(gateway: Gateway) -> None:
    async with gateway.http.get("/openapi.json") as response:
        document = await response.json()

    assert response.status == 200
    assert response.content_type == "application/json"
    assert document["servers"] == [{"url": gateway.settings.public_url}]
    OpenAPIV31SpecValidator(document).validate()


async def test_both_pages_may_be_cached_and_asked_for_again(gateway: Gateway) -> None:
    for path in ("/openapi.json", "/docs"):
        async with gateway.http.get(path) as first:
            etag = first.headers["ETag"]
        async with gateway.http.get(path, headers={"If-None-Match": etag}) as again:
            body = await again.read()

        assert "public" in first.headers["Cache-Control"]
        assert (again.status, body) == (304, b"")
        assert again.headers["ETag"] == etag


async def test_the_viewer_fetches_nothing_from_elsewhere(gateway: Gateway) -> None:
    async with gateway.http.get("/docs") as response:
        page = await response.text()

    assert response.content_type == "text/html"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'")
    assert "unsafe" not in policy
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    assert "/* script.js */" not in page
