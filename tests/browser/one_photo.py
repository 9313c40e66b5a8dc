"""One photo's page, opened in a browser, and what is pressed on it."""

from playwright.async_api import Locator, Page, expect

from tests.photos import REAL_PHOTOS

CAT = REAL_PHOTOS["chelsea"].read_bytes()
SHORT, CREATIVE, ALT = "Short caption", "Creative caption", "Alt text"


async def opened(page: Page, url: str, image_id: str, *, under: str = "history") -> None:
    await page.goto(f"{url}/{under}?image={image_id}")
    await expect(page.get_by_role("heading", level=1, name="Photo added")).to_be_visible()


async def begun(page: Page, label: str) -> Locator:
    """The editor of this text, opened."""
    await page.get_by_role("button", name=f"Edit {label.lower()}").click()
    return page.get_by_role("textbox", name=label)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)
