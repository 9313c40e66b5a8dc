"""While photos come along, the page disturbs nobody at it, and it looks the same everywhere."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, WIDE, OpenContext
from tests.browser.dropping import PHOTOS, done, dropped, opened
from tests.browser.stillness import quiet, still
from tests.deadlines import until
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_hidden_page_asks_nothing_until_it_is_seen_again(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.step_s = 1000.0
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS[:1])
    await until(lambda: gateway.lists > 1)

    await see(page, "hidden")
    await quiet(lambda: gateway.lists, lasting_s=6.0)
    asked = gateway.lists
    await see(page, "visible")

    await until(lambda: gateway.lists > asked)


async def see(page: Page, state: str) -> None:
    await page.evaluate(
        """(state) => {
          const value = state === "hidden";
          Object.defineProperty(document, "hidden", { value, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


async def test_what_is_being_read_stays_where_it_is(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.step_s = 600.0
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS)
    last = page.get_by_role("article").last
    await last.scroll_into_view_if_needed()
    await expect(last.get_by_text("Waiting", exact=True)).to_be_visible()
    await still(page)
    before = await last.bounding_box()

    gateway.step_s = 0.3
    await done(page, 3)
    after = await last.bounding_box()

    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) <= 2


@pytest.mark.detail
async def test_typing_goes_on_while_photos_come_along(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.step_s = 0.7
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS)
    await page.get_by_text("Options").click()
    style = page.get_by_label("Style, in your own words")

    await style.press_sequentially("for a travel magazine, warm", delay=80)
    await done(page, 3)

    await expect(style).to_have_value("for a travel magazine, warm")
    await expect(style).to_be_focused()


@pytest.mark.detail
async def test_photo_is_opened_and_the_way_back_leads_to_the_drop(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS)
    await done(page, 3)

    await page.get_by_role("link", name="Open this photo: ").first.click()
    await expect(page.get_by_role("heading", level=1, name="Caption photos")).to_have_count(0)
    await expect(page).to_have_url(re.compile("image="))
    await page.get_by_role("button", name="Back").click()

    await done(page, 3)
    await expect(page).not_to_have_url(re.compile("image="))


@pytest.mark.detail
async def test_bar_and_news_are_told_to_screen_readers(
    open_context: OpenContext, page_url: str
) -> None:
    page = await (await open_context()).new_page()

    await dropped(page, page_url, PHOTOS)
    await done(page, 3)

    bar = page.get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", "3")
    await expect(bar).to_have_attribute("aria-valuetext", "3 of 3 photos done")
    await expect(
        page.get_by_role("status").filter(has_text="Captions are ready for 3 of 3.")
    ).to_be_attached()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_tray_looks_the_same_everywhere(
    open_context: OpenContext,
    page_url: str,
    gateway: FakeGateway,
    pictures: Path,
    tmp_path: Path,
    size: tuple[int, int],
    scheme: str,
) -> None:
    gateway.step_s = 1000.0
    name = f"{size[0]}-{scheme}"
    notes = tmp_path / "notes.jpg"
    notes.write_text("not a photo")
    page = await (await open_context(size, scheme)).new_page()
    await opened(page, page_url)
    await page.screenshot(path=pictures / f"tray-empty-{name}.png")
    await page.get_by_text("Options").click()

    await page.set_input_files("input[type=file]", [*PHOTOS, str(notes)])
    await expect(page.get_by_text("Waiting", exact=True)).to_have_count(3)
    await page.screenshot(path=pictures / f"tray-begun-{name}.png", full_page=True)
    gateway.step_s = 0.0
    await expect(page.get_by_text("3 of 4 photos done")).to_be_visible()

    await page.get_by_role("article").first.scroll_into_view_if_needed()
    await expect(page.locator("article img.preview")).to_have_count(0)
    await page.screenshot(path=pictures / f"tray-done-{name}.png")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0
