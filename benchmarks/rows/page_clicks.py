"""Clicks on the page while fifty photos run: from the input to the frame that has the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Page, async_playwright, expect

from benchmarks.figures import Figure, Result, median_of, percentile
from benchmarks.machine import NotPrepared
from benchmarks.row import Row
from shared.records import Status
from tests.browser.fifty_photos import COUNT, STEP_S, TURN_S, Clicks, clicked_while_running, files
from tests.browser.page_server import CHROMIUM, FLAGS, answers, serving, use_gateway
from tests.deadlines import until
from tests.unit.ui.fake_gateway import FakeGateway, running

_RUNS = 2
_LIMIT_MS = 300


def measure() -> Result:
    """Twice fifty photos, each in a page and a browser of its own.

    Raises ``NotPrepared`` where there is no Chromium.
    """
    if not CHROMIUM.exists():
        raise NotPrepared(f"needs Chromium at {CHROMIUM}")
    with TemporaryDirectory() as folder:
        photos = files(Path(folder))
        taken = [asyncio.run(_measure(photos)) for _ in range(_RUNS)]
    clicks = [each for each, _, _ in taken]
    requests = [float(each) for _, each, _ in taken]
    done = [float(each) for _, _, each in taken]
    return Result(
        (
            _slowest("History and back, p95", [ms for each in clicks for ms in each.navigation]),
            _slowest("copy, p95", [ms for each in clicks for ms in each.copy]),
            _slowest("options, p95", [ms for each in clicks for ms in each.option]),
            median_of("History and back", [ms for each in clicks for ms in each.navigation], "ms"),
            median_of("copy", [ms for each in clicks for ms in each.copy], "ms"),
            Figure("requests a photo", max(requests) / COUNT, "", at_most=6.0),
            Figure("photos done when the page says so", min(done), "", at_least=COUNT - 1),
        ),
        {name: version(name) for name in ("streamlit", "playwright")},
        {"clicks_ms": [asdict(each) for each in clicks], "requests": requests, "done": done},
    )


def _slowest(label: str, samples: list[float]) -> Figure:
    return Figure(label, percentile(samples, 95), "ms", at_most=_LIMIT_MS)


async def _measure(photos: list[str]) -> tuple[Clicks, int, int]:
    """The clicks of one run, how many requests it took the gateway, and how many photos had their
    captions when the page said that all but the broken one have.
    """
    gateway = FakeGateway(step_s=STEP_S, turn_s=TURN_S)
    with running(gateway), serving() as url:
        await until(lambda: answers(f"{url}/_stcore/health"), within=60)
        async with _page(gateway) as page:
            await page.goto(url)
            await expect(page.get_by_text("What you get")).to_be_visible(timeout=60_000)
            await page.set_input_files("input[type=file]", photos)
            clicks = await clicked_while_running(page)
            ended = page.get_by_text(f"{COUNT - 1} of {COUNT} photos done")
            await expect(ended).to_be_visible(timeout=180_000)
        done = [photo.status for photo in gateway.photos_of("ana")].count(Status.COMPLETED)
        requests = sum(n for route, n in gateway.requests.items() if "/bucket" not in route)
        return clicks, requests, done


@asynccontextmanager
async def _page(gateway: FakeGateway) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            context = await browser.new_context(permissions=["clipboard-write"])
            await use_gateway(context, gateway.url)
            yield await context.new_page()
        finally:
            await browser.close()


ROW = Row(
    name="page_clicks",
    title="A click on the page while fifty photos run",
    reach="≤ 300 ms, < 6 requests a photo",
    against="no peer",
    measure=measure,
)
