"""A real Chromium, a whole stack, and a page on a fake gateway for what needs no stack."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.deadlines import until
from tests.unit.ui.fake_gateway import FakeGateway, running

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = (1280, 900)
PHONE = (390, 844)

# A machine that does much else besides takes longer than the five seconds it would be.
expect.set_options(timeout=20_000)

OpenContext = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"needs Chromium at {CHROMIUM}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def open_context(browser: Browser) -> AsyncIterator[OpenContext]:
    """Make browser contexts (profiles of their own) that are closed after the test."""
    opened: list[BrowserContext] = []

    async def make(size: tuple[int, int] = WIDE, scheme: str = "light") -> BrowserContext:
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(20_000)
        opened.append(context)
        return context

    yield make
    for context in opened:
        await context.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: a folder of this run, or ``docs/images`` if asked for."""
    if os.environ.get("CAPTION_SCREENSHOTS"):
        folder = ROOT / "docs" / "images"
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with running(FakeGateway(step_s=0.3)) as gateway:
        yield gateway


@pytest.fixture
async def page_url(gateway: FakeGateway) -> AsyncIterator[str]:
    """The signed-in page on the fake gateway."""
    with serving(TEST_GATEWAY_URL=gateway.url) as url:
        await until(lambda: answers(f"{url}/_stcore/health"), within=30)
        yield url


@pytest.fixture
async def front_url() -> AsyncIterator[str]:
    """The front page after a session that ran out."""
    with serving(TEST_SHOW_FRONT="ended") as url:
        await until(lambda: answers(f"{url}/_stcore/health"), within=30)
        yield url


@contextmanager
def serving(**variables: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = Path(__file__).parent / "page_without_sign_in.py"
    flags = [f"--server.port={port}", "--server.address=127.0.0.1"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *flags],
            # The page's own theme and settings are found by the working folder.
            cwd=ROOT / "services" / "ui",
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(20)
            # Shown by pytest if the test fails: the page itself tells users no details.
            log.seek(0)
            sys.stdout.write(log.read())


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


async def loaded_pictures(page: Page) -> int:
    """How many pictures of the page, shadow trees included, have really arrived."""
    arrived = "images => images.filter(one => one.complete && one.naturalWidth > 0).length"
    return int(await page.locator("img").evaluate_all(arrived))
