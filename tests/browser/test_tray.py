"""Adding photos in a real browser: sent straight to the bucket, and lost by nothing."""

import base64
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, WIDE, OpenContext, loaded_pictures
from tests.browser.stillness import quiet, still
from tests.deadlines import until
from tests.photos import REAL_PHOTOS
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

NAMES = ("chelsea", "flower", "china")
PHOTOS = [str(REAL_PHOTOS[name]) for name in NAMES]
# Hand the page files as a drop or a paste would: what Playwright has no gesture for.
TRANSFER = """([kind, name, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name, { type: "image/jpeg" }));
  const init = { bubbles: true, cancelable: true };
  document.body.dispatchEvent(
    kind === "drop"
      ? new DragEvent("drop", { ...init, dataTransfer: files })
      : new ClipboardEvent("paste", { ...init, clipboardData: files }),
  );
}"""
KEPT = """() => new Promise((resolve) => {
  const asked = indexedDB.open("captions");
  asked.onsuccess = () => {
    const base = asked.result;
    if (!base.objectStoreNames.contains("files")) { base.close(); resolve(0); return; }
    const counted = base.transaction("files").objectStore("files").count();
    counted.onsuccess = () => { base.close(); resolve(counted.result); };
  };
})"""


async def opened(page: Page, url: str) -> None:
    await page.goto(url)
    await expect(page.get_by_text("What you get")).to_be_visible()


async def dropped(page: Page, url: str, files: list[str]) -> None:
    await opened(page, url)
    await page.set_input_files("input[type=file]", files)


async def done(page: Page, count: int) -> None:
    photos = "photo" if count == 1 else "photos"
    await expect(page.get_by_text(f"{count} of {count} {photos} done")).to_be_visible()


async def kept(page: Page) -> int:
    return int(await page.evaluate(KEPT))


@pytest.mark.detail
@pytest.mark.parametrize("kind", ["drop", "paste"])
async def test_photo_is_taken_anywhere_on_the_page(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, kind: str
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    encoded = base64.b64encode(Path(PHOTOS[0]).read_bytes()).decode()

    await page.evaluate(TRANSFER, [kind, "cat.jpg", encoded])

    await done(page, 1)
    await expect(page.get_by_role("heading", name="cat.jpg")).to_be_visible()
    assert gateway.submits == 1


@pytest.mark.detail
async def test_photos_are_chosen_with_the_keyboard(
    open_context: OpenContext, page_url: str
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    await page.locator("input[type=file]").focus()

    async with page.expect_file_chooser() as choosing:
        await page.keyboard.press("Enter")
    chooser = await choosing.value
    await chooser.set_files(PHOTOS)

    assert chooser.is_multiple()
    await done(page, 3)


async def test_bytes_go_to_the_bucket_and_never_to_the_pages_server(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    posted: list[str] = []
    page.on("request", lambda r: posted.append(r.url) if r.method == "POST" else None)

    await dropped(page, page_url, PHOTOS)
    await done(page, 3)

    assert posted == [f"{gateway.url}/bucket"] * 3
    assert gateway.requests["POST /v1/uploads"] == 3
    assert gateway.requests["POST /v1/images"] == 0


@pytest.mark.detail
async def test_preview_is_there_before_anything_is_sent(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    gateway.down = True
    page = await (await open_context()).new_page()

    await dropped(page, page_url, PHOTOS)

    await until(lambda: pictures_are(page, 3))
    assert gateway.submits == 0


async def pictures_are(page: Page, count: int) -> bool:
    return await loaded_pictures(page) == count


@pytest.mark.detail
async def test_format_that_the_browser_can_not_show_has_a_calm_place_until_its_thumbnail(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, tmp_path: Path
) -> None:
    gateway.down = True
    heic = tmp_path / "photo.heic"
    heic.write_bytes(b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic" + bytes(200))
    page = await (await open_context()).new_page()

    await dropped(page, page_url, [str(heic)])

    await expect(page.get_by_text("Preview follows")).to_be_visible()
    await expect(page.get_by_text("Waiting to be sent")).to_be_visible()


async def test_options_go_with_each_photo_and_are_there_after_a_reload(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    await page.get_by_text("Options").click()
    await page.get_by_label("Language of the captions").select_option("de")
    await page.get_by_label("Style, in your own words").fill("calm and short")
    await page.get_by_label("Look for things in the photo").uncheck()
    await page.get_by_label("Keep the date and the camera").check()

    await page.reload()
    await page.set_input_files("input[type=file]", PHOTOS[:1])
    await done(page, 1)

    [photo] = gateway.images.values()
    assert photo.options == {
        "language": "de",
        "style": "calm and short",
        "labels": False,
        "keep_exif": True,
    }
    await expect(page.get_by_text("Deutsch, calm and short, no labels")).to_be_visible()


@pytest.mark.detail
async def test_language_tag_that_is_none_says_so_and_does_no_harm(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    await page.get_by_text("Options").click()
    await page.get_by_label("Language of the captions").select_option("other")

    await page.get_by_label("Language tag").fill("not a tag!")
    await expect(page.get_by_text("This is not a language tag")).to_be_visible()
    await page.set_input_files("input[type=file]", PHOTOS[:1])
    await done(page, 1)

    [photo] = gateway.images.values()
    assert photo.options["language"] == "en"


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


@pytest.mark.detail
async def test_same_file_twice_in_a_drop_is_one_photo(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()

    await dropped(page, page_url, [PHOTOS[0], PHOTOS[0]])

    await done(page, 1)
    assert gateway.submits == 1


@pytest.mark.detail
async def test_more_than_a_hundred_are_cut_off_and_said(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, tmp_path: Path
) -> None:
    gateway.down = True
    files = []
    for number in range(101):
        file = tmp_path / f"{number}.jpg"
        file.write_bytes(b"\xff\xd8\xff\xe0" + number.to_bytes(4))
        files.append(str(file))
    page = await (await open_context()).new_page()

    await dropped(page, page_url, files)

    await expect(page.get_by_text("Only the first 100 photos were taken")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(100)


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
