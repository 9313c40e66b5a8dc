import pytest
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from services.ui.browser_rules import BrowserRules


async def headers_of(response: Response) -> Headers:
    heads: list[Headers] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            heads.append(Headers(raw=message["headers"]))

    await BrowserRules(response)({"type": "http"}, receive, send)
    return heads[0]


async def test_page_is_in_no_frame_and_in_no_cache():
    headers = await headers_of(HTMLResponse("", headers={"Cache-Control": "no-cache"}))

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kept", ["public, immutable, max-age=31536000", "no-store"])
async def test_scripts_and_styles_are_cached_as_before(kept):
    headers = await headers_of(PlainTextResponse("", headers={"Cache-Control": kept}))

    assert headers["Cache-Control"] == kept
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_what_is_stricter_already_stands():
    headers = await headers_of(PlainTextResponse("", headers={"Referrer-Policy": "no-referrer"}))

    assert headers["Referrer-Policy"] == "no-referrer"
