"""Photos given to the page for adding photos, and the wait until they are done."""

from playwright.async_api import Page, expect

from tests.photos import REAL_PHOTOS

NAMES = ("chelsea", "flower", "china")
PHOTOS = [str(REAL_PHOTOS[name]) for name in NAMES]


async def opened(page: Page, url: str) -> None:
    await page.goto(url)
    await expect(page.get_by_text("What you get")).to_be_visible()


async def dropped(page: Page, url: str, files: list[str]) -> None:
    await opened(page, url)
    await page.set_input_files("input[type=file]", files)


async def done(page: Page, count: int) -> None:
    photos = "photo" if count == 1 else "photos"
    await expect(page.get_by_text(f"{count} of {count} {photos} done")).to_be_visible()
