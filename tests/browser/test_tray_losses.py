"""Photos once added are lost by nothing: no reload, other tab, other person, failure or refusal."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.dropping import PHOTOS, done, dropped, opened
from tests.deadlines import until
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

KEPT = """() => new Promise((resolve) => {
  const asked = indexedDB.open("captions");
  asked.onsuccess = () => {
    const base = asked.result;
    if (!base.objectStoreNames.contains("files")) { base.close(); resolve(0); return; }
    const counted = base.transaction("files").objectStore("files").count();
    counted.onsuccess = () => { base.close(); resolve(counted.result); };
  };
})"""


async def kept(page: Page) -> int:
    return int(await page.evaluate(KEPT))


async def test_reload_while_sending_loses_no_photo_and_sends_none_twice(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.bucket_delay_s = 60.0
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS)
    await until(lambda: gateway.requests["POST /bucket"] > 0)
    await until(lambda: kept_are(page, 3))

    await page.reload()
    await expect(page.get_by_text("not sent yet when you left")).to_be_visible()
    gateway.bucket_delay_s = 0.0

    await done(page, 3)
    assert gateway.submits == 3
    await expect(page.get_by_role("heading", name="chelsea")).to_be_visible()
    await until(lambda: kept_are(page, 0))


async def kept_are(page: Page, count: int) -> bool:
    return await kept(page) == count


async def test_closed_tab_is_made_up_for_by_the_next_one(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.down = True
    context = await open_context()
    first = await context.new_page()
    await dropped(first, page_url, PHOTOS)
    await until(lambda: kept_are(first, 3))
    await first.close()
    gateway.down = False

    page = await context.new_page()
    await page.goto(page_url)

    await done(page, 3)
    assert gateway.submits == 3


@pytest.mark.detail
async def test_second_tab_leaves_to_the_first_what_that_is_sending(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.bucket_delay_s = 2.0
    context = await open_context()
    first, second = await context.new_page(), await context.new_page()
    await dropped(first, page_url, PHOTOS)
    await until(lambda: kept_are(first, 3))

    await second.goto(page_url)
    await done(first, 3)
    await done(second, 3)

    assert gateway.submits == 3


async def test_photos_of_one_person_are_never_sent_for_another(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.down = True
    context = await open_context()
    first = await context.new_page()
    await dropped(first, page_url, PHOTOS)
    await until(lambda: kept_are(first, 3))
    await first.close()
    gateway.down = False
    await context.add_cookies([{"name": "person", "value": "ben", "url": page_url}])

    page = await context.new_page()
    await opened(page, page_url)
    await page.set_input_files("input[type=file]", PHOTOS[:1])
    await done(page, 1)

    assert [photo.owner for photo in gateway.images.values()] == ["ben"]
    await expect(page.get_by_role("article")).to_have_count(1)


@pytest.mark.detail
async def test_another_view_meanwhile_loses_nothing(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.bucket_delay_s = 0.5
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS)
    await expect(page.get_by_text("of 3 photos done")).to_be_visible()

    await page.get_by_role("link", name="History").click()
    await expect(page.get_by_role("heading", name="History")).to_be_visible()
    await page.get_by_role("link", name="Caption photos").click()

    await done(page, 3)
    assert gateway.submits == 3
    await expect(page.get_by_role("heading", name="china")).to_be_visible()


@pytest.mark.detail
async def test_bucket_that_fails_is_tried_again(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.bucket_fails = 3
    page = await (await open_context()).new_page()

    await dropped(page, page_url, PHOTOS)

    await done(page, 3)
    assert gateway.submits == 3


@pytest.mark.detail
async def test_refused_form_is_replaced(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.upload_life_s = -1.0
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS[:1])
    await until(lambda: gateway.requests["POST /bucket"] > 0)

    gateway.upload_life_s = 300.0

    again = page.get_by_role("button", name="Try again")
    await expect(page.get_by_text("1 of 1 photo done").or_(again)).to_be_visible()
    if await again.is_visible():
        await again.click()
    await done(page, 1)
    assert gateway.submits == 1


@pytest.mark.detail
async def test_spent_quota_leaves_the_photos_with_a_sentence_and_one_button_for_all(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.refuse = (429, "quota_exceeded")
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS)
    await expect(page.get_by_text("Add this photo again in 10 minutes")).to_have_count(3)
    await expect(page.get_by_text("Not sent")).to_have_count(3)

    gateway.refuse = None
    await page.get_by_role("button", name="Try all 3 again").click()

    await done(page, 3)


@pytest.mark.detail
async def test_failed_photo_is_tried_again_by_its_button(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.add(Path(PHOTOS[0]).read_bytes(), batch="drop", failed_by="timed_out")
    page = await (await open_context()).new_page()
    await page.goto(f"{page_url}/?batch=drop")
    await expect(page.get_by_text("This photo took too long")).to_be_visible()

    await page.get_by_role("button", name="Try again").click()

    await done(page, 1)
    assert gateway.requests["POST /v1/images/{image_id}/retry"] == 1
