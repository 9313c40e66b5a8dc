"""Adding photos in a browser: however they are given, and sent straight to the bucket."""

import base64
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenContext, loaded_pictures
from tests.browser.dropping import PHOTOS, done, dropped, opened
from tests.deadlines import until
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

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
    # With the first listener Playwright asks the browser for its choosers, and doesn't wait until
    # it has them: a key that comes sooner opens one that the browser cancels.
    page.on("filechooser", lambda _: None)
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
