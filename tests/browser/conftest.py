"""A real Chromium, a whole stack, and a page on a fake gateway for what needs no stack."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.page_server import CHROMIUM, FLAGS, answers, serving, use_gateway
from tests.browser.slow_socket import halting
from tests.deadlines import until
from tests.unit.ui.fake_gateway import FakeGateway, running

ROOT = Path(__file__).parents[2]
WIDE = (1280, 900)
PHONE = (390, 844)

# A machine that does much else besides takes longer than the five seconds it would be.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`make test` tries what every visit meets, wide and light, and some of it small and dark.

    `make test-browser` tries all of it on all four screens, which takes twice as long.
    """
    if os.environ.get("WHOLE_PAGE"):
        return
    left_out = [item for item in items if _is_detail(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_detail(item: pytest.Item) -> bool:
    if item.get_closest_marker("detail") is not None:
        return True
    callspec = getattr(item, "callspec", None)
    chosen = callspec.params if callspec is not None else {}
    if not {"size", "scheme"} <= chosen.keys():
        return False
    screen = (chosen["size"], chosen["scheme"])
    if item.path.name == "test_accessibility.py":
        return screen != (WIDE, "light")
    return screen not in {(WIDE, "light"), (PHONE, "dark")}


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
async def open_context(
    browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[OpenContext]:
    """Make browser contexts (profiles of their own) that are closed after the test.

    The page in them speaks to the test's own gateway, if it has one.
    """
    opened: list[BrowserContext] = []
    gateway = None
    if "gateway" in request.fixturenames:
        gateway = request.getfixturevalue("gateway")

    async def make(size: tuple[int, int] = WIDE, scheme: str = "light") -> BrowserContext:
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(20_000)
        if gateway is not None:
            await use_gateway(context, gateway.url)
        if longest_s := os.environ.get("SLOW_PAGE"):
            await halting(context, float(longest_s))
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


@pytest.fixture(scope="session")
async def page_server() -> AsyncIterator[str]:
    """One server for all tests: what a test leaves behind is in its own browser context."""
    with serving() as url:
        await until(lambda: answers(f"{url}/_stcore/health"), within=30)
        yield url


@pytest.fixture
def page_url(page_server: str, gateway: FakeGateway) -> str:
    """The signed-in page on the test's own fake gateway."""
    return page_server


async def loaded_pictures(page: Page) -> int:
    """How many pictures of the page, shadow trees included, have really arrived."""
    arrived = "images => images.filter(one => one.complete && one.naturalWidth > 0).length"
    return int(await page.locator("img").evaluate_all(arrived))
