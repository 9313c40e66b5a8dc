"""How the page behaves in a browser, on a fake gateway."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenContext, loaded_pictures
from tests.browser.dropping import PHOTOS, dropped
from tests.browser.stillness import quiet
from tests.deadlines import until
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_photos_come_along_one_by_one_and_each_is_sent_once(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()

    await dropped(page, page_url, PHOTOS)
    await expect(page.get_by_text("3 of 3 photos done")).to_be_visible()

    assert gateway.submits == 3
    assert gateway.lists <= 8
    await until(lambda: loaded_pictures_are(page, 3))


async def loaded_pictures_are(page: Page, count: int) -> bool:
    return await loaded_pictures(page) == count


async def test_finished_page_asks_no_more(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS[:1])
    await expect(page.get_by_text("1 of 1 photo done")).to_be_visible()

    await quiet(lambda: gateway.lists)


async def test_no_copy_of_the_photos_stays_on_the_server(
    open_context: OpenContext, page_url: str
) -> None:
    page = await (await open_context()).new_page()

    await dropped(page, page_url, PHOTOS)
    await expect(page.get_by_text("3 of 3 photos done")).to_be_visible()

    metrics = await page.request.get(f"{page_url}/_stcore/metrics")
    assert metrics.ok
    assert "UploadedFileManager" not in await metrics.text()


async def test_copy_puts_the_very_text_on_the_clipboard(
    open_context: OpenContext, page_url: str
) -> None:
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS[:1])
    copy = page.get_by_role("button", name="Copy short caption")

    await copy.focus()
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("A photo in <b>#")
    assert copied.endswith("</b> & *more*")


async def test_caption_is_text_and_never_markup(open_context: OpenContext, page_url: str) -> None:
    page = await (await open_context()).new_page()

    await dropped(page, page_url, PHOTOS[:1])

    await expect(page.get_by_text("& *more*")).to_be_visible()
    await expect(page.locator("article b, article em")).to_have_count(0)


@pytest.mark.detail
async def test_bad_files_say_why_and_the_others_go_through(
    open_context: OpenContext, page_url: str, tmp_path: Path
) -> None:
    (tmp_path / "notes.jpg").write_text("not a photo")
    (tmp_path / "huge.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(11 * 1024 * 1024))
    files = [str(tmp_path / "notes.jpg"), str(tmp_path / "huge.jpg"), PHOTOS[0]]
    page = await (await open_context()).new_page()

    await dropped(page, page_url, files)

    await expect(page.get_by_text("1 of 3 photos done, 2 could not be")).to_be_visible()
    await expect(page.get_by_text("This is not a photo we can read")).to_be_visible()
    await expect(page.get_by_text("Save a smaller copy")).to_be_visible()


@pytest.mark.detail
async def test_page_goes_on_by_itself_after_the_gateway_was_away(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    gateway.down = True
    await dropped(page, page_url, PHOTOS)
    await expect(page.get_by_text("The service is not answering right now")).to_be_visible()

    gateway.down = False

    await expect(page.get_by_text("3 of 3 photos done")).to_be_visible(timeout=30_000)
    await expect(page.get_by_text("The service is not answering")).to_have_count(0)


@pytest.mark.detail
async def test_reload_in_the_middle_shows_the_drop_again(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.step_s = 2.0
    page = await (await open_context()).new_page()
    await dropped(page, page_url, PHOTOS)
    await expect(page.get_by_text("Preparing").first).to_be_visible()

    await page.reload()

    await expect(page.get_by_text("3 of 3 photos done")).to_be_visible()
    assert gateway.submits == 3


async def test_page_asks_no_other_site_for_anything(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))

    await dropped(page, page_url, PHOTOS[:1])
    await expect(page.get_by_text("1 of 1 photo done")).to_be_visible()

    allowed = (page_url, gateway.url, "data:", "blob:", page_url.replace("http", "ws", 1))
    assert [url for url in asked if not url.startswith(allowed)] == []


async def test_ended_session_has_one_way_on(open_context: OpenContext, page_server: str) -> None:
    page = await (await open_context()).new_page()

    cookie = {"name": "person", "value": "ended", "url": page_server}
    await page.context.add_cookies([cookie])
    await page.goto(page_server)

    await expect(page.get_by_role("button", name="Sign in again")).to_be_visible()
    await expect(page.get_by_role("button")).to_have_count(1)
