"""The gateway is gone for a while: the page says so, goes on by itself, and keeps what is typed.

``SOAK=1``: for the 15 seconds of the acceptance check, else for 4.
"""

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.photos import REAL_PHOTOS
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

OUTAGE_S = 15.0 if os.environ.get("SOAK") else 4.0
PHOTOS = [REAL_PHOTOS[name] for name in ("chelsea", "flower", "china")]
STYLE, DRAFT, SEARCH = "dry, for a catalogue", "My own words", "chelsea or not"


async def test_outage_in_the_middle_is_told_calmly_and_loses_nothing(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    earlier = gateway.add(PHOTOS[0].read_bytes())
    context = await open_context()
    photo, history, caption = [await context.new_page() for _ in range(3)]
    await draft_begun(photo, f"{page_url}/history?image={earlier}")
    await search_begun(history, f"{page_url}/history")
    gateway.step_s = 2.0
    await photos_under_way(caption, page_url)

    gateway.gone = True
    await expect(caption.get_by_text("The service is not answering right now")).to_be_visible()
    await expect(caption.get_by_text("goes on by itself")).to_be_visible()
    await caption.get_by_label("Style, in your own words").fill(STYLE)
    await search_sent(history)
    await photo.get_by_role("textbox", name="Alt text").fill(DRAFT)
    await photo.get_by_role("button", name="Save alt text").click()
    await expect(photo.get_by_text("could not be saved")).to_be_visible()
    await asyncio.sleep(OUTAGE_S)  # an outage has a length: this is what it is about
    gateway.gone = False

    await caption.bring_to_front()
    await expect(caption.get_by_text("3 of 3 photos done")).to_be_visible(timeout=60_000)
    await expect(caption.get_by_text("The service is not answering")).to_have_count(0)
    await expect(caption.get_by_label("Style, in your own words")).to_have_value(STYLE)
    await search_found(history)
    await draft_saved(photo, gateway, earlier)
    assert len(gateway.images) == 1 + len(PHOTOS)
    for page in (photo, history, caption):
        assert await page.get_by_text("Traceback").count() == 0


async def draft_begun(page: Page, url: str) -> None:
    await page.goto(url)
    await page.get_by_role("button", name="Edit alt text").click()
    await page.get_by_role("textbox", name="Alt text").fill("My own")


async def search_begun(page: Page, url: str) -> None:
    await page.goto(url)
    await expect(page.get_by_role("checkbox", name="Select:")).to_have_count(1)
    await page.get_by_label("Search captions and labels").fill(SEARCH[:4])


async def photos_under_way(page: Page, url: str) -> None:
    await page.goto(url)
    await page.locator("summary").filter(has_text="Options").click()
    await page.get_by_label("Style, in your own words").fill(STYLE[:3])
    await page.set_input_files("input[type=file]", PHOTOS)
    await expect(page.get_by_text("of 3 photos done")).to_be_visible()


async def search_sent(page: Page) -> None:
    await page.bring_to_front()
    field = page.get_by_label("Search captions and labels")
    await field.fill(SEARCH)
    await field.press("Enter")
    await expect(page.get_by_text("The service is not answering right now")).to_be_visible()


async def search_found(page: Page) -> None:
    await page.bring_to_front()
    await expect(page.get_by_text("No photo of yours has these words")).to_be_visible()
    await expect(page.get_by_label("Search captions and labels")).to_have_value(SEARCH)
    await expect(page.get_by_text("The service is not answering")).to_have_count(0)


async def draft_saved(page: Page, gateway: FakeGateway, image_id: str) -> None:
    await page.bring_to_front()
    await expect(page.get_by_role("textbox", name="Alt text")).to_have_value(DRAFT)
    await page.get_by_role("button", name="Save alt text").click()
    await expect(page.get_by_text("Edited by you")).to_be_visible()
    assert gateway.images[image_id].edits == {"alt_text": DRAFT}


@pytest.mark.detail
@pytest.mark.parametrize("kind", ["down", "gone"])
async def test_photos_added_during_an_outage_are_sent_after_it(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, kind: str
) -> None:
    page = await (await open_context()).new_page()
    await page.goto(page_url)
    await expect(page.get_by_text("What you get")).to_be_visible()
    setattr(gateway, kind, True)

    await page.set_input_files("input[type=file]", PHOTOS)
    await expect(page.get_by_text("Your photos are safe and we keep trying")).to_be_visible()
    setattr(gateway, kind, False)

    await expect(page.get_by_text("3 of 3 photos done")).to_be_visible(timeout=60_000)
    assert len(gateway.images) == len(PHOTOS)


async def test_store_that_refuses_for_a_while_is_asked_again(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.bucket_fails = 4
    page = await (await open_context()).new_page()
    await page.goto(page_url)

    await page.set_input_files("input[type=file]", [str(Path(photo)) for photo in PHOTOS])

    await expect(page.get_by_text("3 of 3 photos done")).to_be_visible(timeout=60_000)
    assert gateway.requests["POST /bucket"] == len(PHOTOS) + 4
    assert gateway.requests["POST /v1/uploads"] == len(PHOTOS)
