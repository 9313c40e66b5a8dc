"""The history in a browser, on a fake gateway."""

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.accessibility import findings
from tests.browser.conftest import PHONE, WIDE, OpenContext, loaded_pictures
from tests.browser.stillness import quiet
from tests.deadlines import until
from tests.photos import REAL_PHOTOS
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

CURSOR = re.compile(r"cursor=")
PHOTOS = [REAL_PHOTOS[name].read_bytes() for name in ("chelsea", "flower", "china")]


def fill(gateway: FakeGateway, count: int, *, batch: str | None = None) -> list[str]:
    """Photos of earlier days, oldest first; their ids."""
    return [
        gateway.add(PHOTOS[n % 3], batch=batch, degraded=False, days_ago=1 + (count - n) / 1000)
        for n in range(count)
    ]


async def open_history(page: Page, url: str, query: str = "") -> None:
    await page.goto(f"{url}/history{query}")
    await expect(page.get_by_role("heading", name="History")).to_be_visible()


def links(page: Page) -> Locator:
    return page.get_by_role("list", name="Your photos").get_by_role("link")


def boxes(page: Page) -> Locator:
    return page.get_by_role("list", name="Your photos").get_by_role("checkbox")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_grid_fits_its_screen(
    open_context: OpenContext,
    page_url: str,
    gateway: FakeGateway,
    pictures: Path,
    size: tuple[int, int],
    scheme: str,
) -> None:
    fill(gateway, 22, batch="holiday")
    gateway.add(PHOTOS[0], failed_by="undecodable_image")
    gateway.add(PHOTOS[1], degraded=True)
    page = await (await open_context(size, scheme)).new_page()

    await open_history(page, page_url)
    await expect(links(page)).to_have_count(20)
    await boxes(page).nth(3).check()
    await boxes(page).nth(4).check()
    await expect(page.get_by_text("2 selected")).to_be_visible()
    await page.screenshot(path=pictures / f"fake-history-{size[0]}-{scheme}.png")

    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0
    assert [str(found) for found in await findings(page) if found.is_ours_to_mend] == []


async def test_photo_opened_by_keyboard_is_left_for_the_same_place(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    fill(gateway, 45, batch="holiday")
    page = await (await open_context()).new_page()
    await open_history(page, page_url, "?batch=holiday")
    await page.get_by_role("button", name="Older").click()
    await expect(page).to_have_url(CURSOR)
    await expect(page.get_by_role("button", name="Newer")).to_be_visible()
    tile = links(page).nth(18)
    await tile.focus()
    before = await top_of(tile)
    here = page.url

    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Photo added")).to_be_visible()
    await expect(page).to_have_url(re.compile(re.escape(f"{here}&image=")))
    await page.get_by_role("button", name="Back").click()

    await expect(tile).to_be_focused()
    await expect(page).to_have_url(here)
    await until(lambda: is_at(tile, before))


async def top_of(tile: Locator) -> float:
    return float(await tile.evaluate("tile => tile.getBoundingClientRect().top"))


async def is_at(tile: Locator, top: float) -> bool:
    return abs(await top_of(tile) - top) < 40


@pytest.mark.detail
async def test_browsers_way_back_goes_through_what_was_looked_at(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    fill(gateway, 25)
    page = await (await open_context()).new_page()
    await open_history(page, page_url)
    await page.get_by_role("button", name="Older").click()
    await expect(links(page)).to_have_count(5)
    await links(page).first.click()
    await expect(page.get_by_role("heading", name="Photo added")).to_be_visible()

    await page.go_back()
    await expect(links(page)).to_have_count(5)
    await page.go_back()

    await expect(links(page)).to_have_count(20)
    await page.reload()
    await expect(links(page)).to_have_count(20)


async def test_search_and_filters_outlast_a_reload(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    fill(gateway, 6)
    gateway.add(PHOTOS[0], failed_by="undecodable_image")
    page = await (await open_context()).new_page()
    await open_history(page, page_url)
    await expect(links(page)).to_have_count(7)

    await page.get_by_role("searchbox").fill("444E3A")
    await page.keyboard.press("Enter")
    await expect(links(page)).to_have_count(2)
    await page.reload()
    await expect(links(page)).to_have_count(2)
    await expect(page.get_by_role("searchbox")).to_have_value("444E3A")
    await page.get_by_role("button", name="Clear filters").click()
    await expect(links(page)).to_have_count(7)
    await page.get_by_role("radio", name="Failed").click()

    await expect(links(page)).to_have_count(1)
    await expect(links(page)).to_contain_text("We could not read this photo")
    await expect(page).to_have_url(f"{page_url}/history?status=failed")


async def test_photos_are_ticked_by_keyboard_range_and_page(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    fill(gateway, 25)
    page = await (await open_context()).new_page()
    await open_history(page, page_url)

    await links(page).first.focus()
    await page.keyboard.press("Space")
    await expect(page.get_by_text("1 selected")).to_be_visible()
    await boxes(page).nth(3).click(modifiers=["Shift"])
    await expect(page.get_by_text("4 selected")).to_be_visible()
    await page.get_by_role("button", name="Older").click()
    await expect(links(page)).to_have_count(5)
    await page.get_by_label("Select all on this page").check()

    await expect(page.get_by_text("9 selected, 4 of them on other pages")).to_be_visible()
    await page.get_by_role("button", name="Newer").click()
    await expect(links(page)).to_have_count(20)
    for n in range(5):
        await expect(boxes(page).nth(n)).to_be_checked(checked=n < 4)
    await page.get_by_role("button", name="Clear").click()
    await expect(page.get_by_text("selected")).to_have_count(0)


async def test_choice_outlasts_a_look_at_a_photo_and_is_copied_as_a_table(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    known = fill(gateway, 22)
    page = await (await open_context()).new_page()
    await open_history(page, page_url)
    await boxes(page).first.check()
    await page.get_by_role("button", name="Older").click()
    await expect(links(page)).to_have_count(2)
    await boxes(page).last.check()
    await expect(page.get_by_text("2 selected")).to_be_visible()
    await links(page).first.click()
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_text("2 selected, 1 of them on other pages")).to_be_visible()

    await page.get_by_role("button", name="Copy as CSV").click()

    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    table = await page.evaluate("navigator.clipboard.readText()")
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [row["image_id"] for row in rows] == [known[-1], known[0]]
    assert {row["status"] for row in rows} == {"completed"}
    assert all(row["alt_text"] for row in rows)


async def test_deleted_photos_go_after_a_confirmation(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, pictures: Path
) -> None:
    known = fill(gateway, 22)
    page = await (await open_context()).new_page()
    await open_history(page, page_url)
    await boxes(page).nth(0).check()
    await boxes(page).nth(1).check()

    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("This can't be undone")).to_be_visible()
    await page.screenshot(path=pictures / "fake-history-delete.png")
    assert len(gateway.images) == 22
    await dialog.get_by_role("button", name="Delete 2 photos").click()

    await expect(page.get_by_text("2 photos deleted.")).to_be_visible()
    await expect(dialog).to_have_count(0)
    await expect(links(page)).to_have_count(20)
    await expect(page.get_by_text("selected")).to_have_count(0)
    await page.screenshot(path=pictures / "fake-history-deleted.png")
    assert sorted(gateway.images) == sorted(known[:-2])


@pytest.mark.detail
async def test_dismissed_confirmation_deletes_nothing_and_stays_away(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    fill(gateway, 2)
    page = await (await open_context()).new_page()
    await open_history(page, page_url)
    await boxes(page).first.check()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_be_visible()

    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await boxes(page).last.check()

    await expect(page.get_by_text("2 selected")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert len(gateway.images) == 2


async def test_exported_photos_arrive_as_a_zip_with_their_captions(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, tmp_path: Path
) -> None:
    known = fill(gateway, 3)
    page = await (await open_context()).new_page()
    await open_history(page, page_url)
    await boxes(page).nth(0).check()
    await boxes(page).nth(2).check()

    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export").click()
    await (await download.value).save_as(tmp_path / "chosen.zip")

    await expect(page.get_by_text("The ZIP of 2 photos is with your downloads.")).to_be_visible()
    photos = [f"photos/{known[0]}.png", f"photos/{known[2]}.jpg"]
    with zipfile.ZipFile(tmp_path / "chosen.zip") as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted(["captions.csv", "images.json", *photos])
        assert b"dc:description" in archive.read(photos[1])


@pytest.mark.detail
async def test_photos_under_way_move_on_and_then_nothing_is_asked(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.step_s = 600.0
    fill(gateway, 2)
    gateway.keep(gateway.ids.new(), PHOTOS[0], owner="ana", batch=None, options={})
    page = await (await open_context()).new_page()
    await open_history(page, page_url)
    first = links(page).first
    await expect(first).to_contain_text("Waiting")
    gateway.step_s = 0.3
    await expect(first).to_contain_text("A photo in")
    await expect(page.locator("img")).to_have_count(3)

    await quiet(lambda: gateway.lists)


@pytest.mark.detail
async def test_pictures_come_as_they_are_reached_and_nothing_jumps(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    fill(gateway, 20)
    page = await (await open_context(PHONE)).new_page()
    await open_history(page, page_url)
    await expect(links(page)).to_have_count(20)
    height = await page.locator(".grid").evaluate("grid => grid.offsetHeight")

    await links(page).last.scroll_into_view_if_needed()
    await until(lambda: loaded_pictures(page))

    assert await page.locator(".grid").evaluate("grid => grid.offsetHeight") == height
    assert await page.locator("img").first.get_attribute("loading") == "lazy"
