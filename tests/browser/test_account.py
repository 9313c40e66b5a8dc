"""The account in a browser, on a fake gateway."""

import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, WIDE, OpenContext
from tests.deadlines import until
from tests.photos import REAL_PHOTOS
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

PHOTO = REAL_PHOTOS["chelsea"].read_bytes()


async def opened(page: Page, url: str) -> None:
    await page.goto(f"{url}/account")
    await expect(page.get_by_role("heading", name="Delete everything")).to_be_visible()


async def saved(page: Page, button: str) -> tuple[str, zipfile.ZipFile]:
    async with page.expect_download() as starting:
        await page.get_by_role("button", name=button).click()
    download = await starting.value
    return download.suggested_filename, zipfile.ZipFile(await download.path())


async def test_everything_is_saved_without_leaving_the_page(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.add(PHOTO)
    page = await (await open_context()).new_page()
    await opened(page, page_url)

    name, archive = await saved(page, "Download everything")
    again, _ = await saved(page, "Download everything")

    assert name.startswith("captions-")
    assert name.endswith(".zip")
    assert again == name
    assert "captions.csv" in archive.namelist()
    assert page.url == f"{page_url}/account"
    await expect(page.get_by_text("Your download has started")).to_be_visible()


@pytest.mark.detail
async def test_large_export_is_saved_file_by_file(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.export_at_once = 1
    gateway.add(PHOTO)
    gateway.add(PHOTO)
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    await page.get_by_role("button", name="Download everything").click()

    first, _ = await saved(page, "Download file 1")
    second, _ = await saved(page, "Download file 2")

    assert "part-1" in first
    assert "part-2" in second


async def test_everything_is_deleted_after_the_words_and_the_receipt_outlives_a_reload(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, pictures: Path
) -> None:
    gateway.deletion_s = 1.0
    gateway.add(PHOTO)
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    await page.evaluate("localStorage.setItem('captions:ana:draft', '1')")
    await page.get_by_role("button", name="Delete everything …").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Delete everything").click()
    await expect(dialog.get_by_text("Nothing was deleted")).to_be_visible()
    await page.screenshot(path=pictures / "account-delete.png")

    await dialog.get_by_label("Type “delete my data” to confirm").fill("delete my data")
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("This is your receipt")).to_be_visible()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_test_id("stCode")).to_contain_text("Completed:")
    receipt = await page.get_by_test_id("stCode").inner_text()
    await expect(page.get_by_text("No photos yet.")).to_be_visible()
    await page.screenshot(path=pictures / "account-receipt.png")
    await until(lambda: page.evaluate("localStorage.getItem('captions:ana:draft') === null"))

    await page.reload()

    await expect(page.get_by_text("This is your receipt")).to_be_visible()
    await expect(page.get_by_test_id("stCode")).to_contain_text(receipt.splitlines()[1])


@pytest.mark.detail
async def test_dialog_can_be_left_without_deleting(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.add(PHOTO)
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    await page.get_by_role("button", name="Delete everything …").click()
    await expect(page.get_by_role("dialog")).to_be_visible()

    await page.keyboard.press("Escape")

    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_text("1 photo here")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_account_fits_its_screen(
    open_context: OpenContext,
    page_url: str,
    gateway: FakeGateway,
    pictures: Path,
    size: tuple[int, int],
    scheme: str,
) -> None:
    gateway.add(PHOTO)
    page = await (await open_context(size, scheme)).new_page()
    await opened(page, page_url)

    await page.get_by_text("Read the privacy notice").click()
    await expect(page.get_by_text("Who sees it", exact=True)).to_be_visible()
    for name in ("Sign out", "Download everything"):
        await expect(page.get_by_role("button", name=name).first).to_be_visible()

    await page.screenshot(path=pictures / f"account-{size[0]}-{scheme}.png", full_page=True)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0
