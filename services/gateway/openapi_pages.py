"""``GET /openapi.json`` and ``GET /docs``: built once, when somebody first asks."""

import base64
import hashlib
import json
from http import HTTPStatus
from pathlib import Path

from aiohttp import ETag, hdrs, web

from services.gateway.keys import PAGES, SETTINGS
from services.gateway.openapi_page import Page, Pages

routes = web.RouteTableDef()

_VIEWER = Path(__file__).parent / "viewer"
_CACHE_CONTROL = "public, max-age=300"


async def prepare(app: web.Application) -> None:
    """Put the pages in their place; connected to ``on_startup``, when all routes are there."""
    settings = app[SETTINGS]
    routes_served, server = routes_of(app), settings.public_url.rstrip("/")

    def make() -> dict[str, Page]:
        # Imported late: a twentieth of the start, and few gateways are ever asked.
        from services.gateway.openapi import document  # noqa: PLC0415

        described = document(routes_served, server=server, version=settings.version)
        body = json.dumps(described, ensure_ascii=False).encode()
        return {"/openapi.json": Page(body, "application/json"), "/docs": _viewer()}

    app[PAGES] = Pages(make)


def routes_of(app: web.Application) -> list[tuple[str, str]]:
    """Method and path template of everything served; HEAD comes with GET and isn't told."""
    return [
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != hdrs.METH_HEAD
    ]


@routes.get("/openapi.json")
async def openapi_json(request: web.Request) -> web.Response:
    """The contract, for programs."""
    return await _answer(request)


@routes.get("/docs")
async def docs(request: web.Request) -> web.Response:
    """The contract, for people. The page holds its style and script: nothing else is fetched."""
    return await _answer(request)


async def _answer(request: web.Request) -> web.Response:
    page = await request.app[PAGES].get(request.path)
    if any(tag.value in {"*", page.etag} for tag in request.if_none_match or ()):
        response = web.Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = web.Response(
            body=page.body,
            content_type=page.content_type,
            charset="utf-8" if page.content_type == "text/html" else None,
            headers=page.headers,
        )
    response.etag = ETag(page.etag)
    response.headers[hdrs.CACHE_CONTROL] = _CACHE_CONTROL
    return response


def _viewer() -> Page:
    style, script = (_VIEWER.joinpath(name).read_text() for name in ("style.css", "script.js"))
    html = _VIEWER.joinpath("page.html").read_text()
    html = html.replace("/* style.css */", style).replace("/* script.js */", script)
    policy = (
        "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'none'; style-src {_hash_of(style)}; script-src {_hash_of(script)}"
    )
    return Page(html.encode(), "text/html", {"Content-Security-Policy": policy})


def _hash_of(inline: str) -> str:
    """How a policy names an inline style or script (CSP level 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
