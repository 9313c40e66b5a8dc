"""What a person does, on the whole stack: sign in, add photos, take the texts, come back, leave."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, OpenContext, loaded_pictures
from tests.deadlines import until
from tests.photos import REAL_PHOTOS
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(420)]

PHOTOS = [str(REAL_PHOTOS[name]) for name in ("chelsea", "flower", "china")]


async def test_three_photos_from_sign_in_to_sign_out(
    stack: Stack, open_context: OpenContext, pictures: Path
) -> None:
    context = await open_context()
    page = await context.new_page()
    await page.goto(stack["UI_URL"])
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await page.screenshot(path=pictures / "front.png")

    await sign_in(page, stack)
    texts = await caption(page, pictures)
    await copy_one(page, texts)
    await look_back(page, texts, pictures)
    await look_on_a_phone(page, pictures)
    await sign_out(page, stack)


async def sign_in(page: Page, stack: Stack) -> None:
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Username").fill(stack["LOCAL_USER"])
    await page.get_by_label("Password").fill(stack["LOCAL_PASSWORD"])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("What you get")).to_be_visible(timeout=30_000)


async def caption(page: Page, pictures: Path) -> list[str]:
    """Six captions for three photos; progress was seen on the way."""
    await page.set_input_files("input[type=file]", PHOTOS)
    await expect(page.get_by_text("of 3 photos done")).to_be_visible()
    seen: set[str] = set()
    await until(lambda: moved_to_the_end(page, seen), within=60)
    assert len(seen) > 1, f"no progress was seen, only {seen}"

    await expect(page.locator("article .body")).to_have_count(9)
    texts = await page.locator("article .body").all_inner_texts()
    concise, creative, alt_texts = texts[0::3], texts[1::3], texts[2::3]
    assert len(set(concise)) == len(set(creative)) == len(set(alt_texts)) == 3
    assert all(0 < len(text.split()) <= 10 for text in concise)
    assert all(0 < len(text) <= 125 for text in alt_texts)
    await until(lambda: all_arrived(page, 3))
    await page.screenshot(path=pictures / "captions.png")
    return texts


async def moved_to_the_end(page: Page, seen: set[str]) -> bool:
    seen.add("; ".join(await page.locator("article .stage").all_inner_texts()))
    return await page.get_by_text("3 of 3 photos done").is_visible()


async def all_arrived(page: Page, count: int) -> bool:
    return await loaded_pictures(page) == count


async def copy_one(page: Page, texts: list[str]) -> None:
    await page.get_by_role("button", name="Copy creative caption").nth(1).click()
    await expect(page.get_by_role("button", name="Copy creative caption").nth(1)).to_have_text(
        "Copied"
    )
    assert await page.evaluate("navigator.clipboard.readText()") == texts[4]


async def look_back(page: Page, texts: list[str], pictures: Path) -> None:
    """After a reload the drop is still there, and history has it with its thumbnails."""
    await page.reload()
    await expect(page.get_by_text("3 of 3 photos done")).to_be_visible()

    await page.get_by_role("link", name="History").click()
    tiles = page.locator("li.tile a.open")
    await expect(tiles).to_have_count(3)
    captions = await page.locator("li.tile .caption").all_inner_texts()
    assert sorted(captions) == sorted(texts[0::3])
    await until(lambda: all_arrived(page, 3))
    await page.screenshot(path=pictures / "history.png")

    await tiles.first.click()
    await expect(page.get_by_role("heading", level=1, name="Photo added")).to_be_visible()
    await until(lambda: all_arrived(page, 1))
    await page.screenshot(path=pictures / "photo.png")
    await page.get_by_role("button", name="Back").click()
    await expect(tiles).to_have_count(3)


async def look_on_a_phone(page: Page, pictures: Path) -> None:
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.get_by_role("link", name="Caption photos").click()
    await expect(page.get_by_text("3 of 3 photos done")).to_be_visible()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await page.screenshot(path=pictures / f"phone-{scheme}.png")
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


async def sign_out(page: Page, stack: Stack) -> None:
    """Out of the page, and out of the hosted sign-in: the next one asks for the password."""
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(stack["UI_URL"].rstrip("/") + "/", timeout=30_000)
    await expect(page.get_by_text("Captions for your photos")).to_be_visible(timeout=30_000)

    await page.goto(f"{stack['UI_URL']}/history")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await expect(page.locator("li.tile a.open")).to_have_count(0)

    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("Password")).to_be_visible()
