"""One photo's page in a browser, on a fake gateway."""

import asyncio
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from services.ui.components import texts
from services.ui.components.sources import source
from services.ui.editing import texts_of
from tests.browser.accessibility import findings
from tests.browser.conftest import PHONE, WIDE, OpenContext, loaded_pictures
from tests.browser.stillness import pick, quiet, still
from tests.deadlines import until
from tests.photos import REAL_PHOTOS
from tests.unit.ui.fake_client import completed
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

CAT = REAL_PHOTOS["chelsea"].read_bytes()
DRAW = """async ([source, data]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const draw = (await import(url)).default;
  draw({ data, parentElement: document.body, setStateValue() {} });
}"""
SHORT, CREATIVE, ALT = "Short caption", "Creative caption", "Alt text"


TEXTS: dict[str, Any] = {
    "owner": "ana",
    "image": "1",
    "language": "en",
    "texts": [asdict(text) for text in texts_of(completed("1"))],
    "outcomes": {},
    "note": "",
    "foot": "",
    "revision": 1,
}


def texts_script() -> str:
    return source(*texts.SCRIPTS)


async def opened(page: Page, url: str, image_id: str, *, under: str = "history") -> None:
    await page.goto(f"{url}/{under}?image={image_id}")
    await expect(page.get_by_role("heading", level=1, name="Photo added")).to_be_visible()


async def begun(page: Page, label: str) -> Locator:
    """The editor of this text, opened."""
    await page.get_by_role("button", name=f"Edit {label.lower()}").click()
    return page.get_by_role("textbox", name=label)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


async def test_edited_text_is_saved_by_keyboard_and_focus_comes_back(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)

    area = await begun(page, ALT)
    await expect(area).to_be_focused()
    await area.fill("A cat asleep on a *striped* <mat>")
    await page.keyboard.press("Control+Enter")

    await expect(button(page, "Edit alt text")).to_be_focused()
    await expect(page.get_by_text("A cat asleep on a *striped* <mat>")).to_be_visible()
    await expect(page.get_by_text("Edited by you")).to_be_visible()
    assert gateway.images[image_id].edits == {"alt_text": "A cat asleep on a *striped* <mat>"}


@pytest.mark.detail
async def test_three_texts_saved_at_once_all_arrive(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    gateway.delay_s = 0.3
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)
    wanted = {SHORT: "One", CREATIVE: "Two", ALT: "Three"}

    for label, text in wanted.items():
        await (await begun(page, label)).fill(text)
    for label in wanted:
        await button(page, f"Save {label.lower()}").click()

    for text in wanted.values():
        await expect(page.get_by_role("paragraph").filter(has_text=text)).to_be_visible()
    assert gateway.images[image_id].edits == {
        "concise": "One",
        "creative": "Two",
        "alt_text": "Three",
    }


@pytest.mark.parametrize(
    ("label", "text", "words"),
    [
        pytest.param(ALT, "A photo of a cat on a mat", "Leave out “A photo of”", id="photo-of"),
        pytest.param(ALT, "Ein Bild von einer Katze", "Leave out “Ein Bild von”", id="german"),
        pytest.param(ALT, "word " * 26, "129 characters. Keep to 125", id="long"),
        pytest.param(ALT, "", "Empty means decoration", id="empty"),
        pytest.param(ALT, "IMG_1234.JPG", "looks like a file name", id="file-name"),
        pytest.param(ALT, "A cat on a mat", "Reads well as alt text", id="fine"),
        pytest.param(SHORT, "a b c d e f g h i j k", "11 words", id="words"),
        pytest.param(SHORT, " ", "be empty", id="no-words"),
        pytest.param(CREATIVE, "x" * 2001, "2001 characters are too many", id="too-many"),
    ],
)
async def test_text_is_judged_while_it_is_typed(
    open_context: OpenContext, label: str, text: str, words: str
) -> None:
    page = await (await open_context()).new_page()
    await page.evaluate(DRAW, [texts_script(), TEXTS])

    await (await begun(page, label)).fill(text)

    await expect(page.get_by_role("listitem").filter(has_text=words)).to_be_visible()


async def test_text_that_changed_meanwhile_is_chosen_and_never_overwritten(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)
    area = await begun(page, ALT)
    await area.fill("Mine")
    gateway.images[image_id].edits["alt_text"] = "Theirs"
    gateway.images[image_id].touch()

    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("It now reads:")).to_be_visible()
    versions = page.get_by_role("group", name="Two versions of this text")
    await expect(versions.get_by_text("Theirs")).to_be_visible()
    await expect(area).to_have_value("Mine")
    assert gateway.images[image_id].edits["alt_text"] == "Theirs"
    await button(page, "Keep mine as alt text").click()

    await expect(page.get_by_text("It now reads:")).to_have_count(0)
    await until(lambda: gateway.images[image_id].edits["alt_text"] == "Mine")


@pytest.mark.detail
async def test_text_that_changed_meanwhile_can_be_taken(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)
    await (await begun(page, ALT)).fill("Mine")
    gateway.images[image_id].edits["alt_text"] = "Theirs"
    gateway.images[image_id].touch()
    await page.keyboard.press("Control+Enter")

    await button(page, "Take the new one as alt text").click()

    await expect(page.get_by_role("paragraph").filter(has_text="Theirs")).to_be_visible()
    await expect(page.get_by_role("textbox", name=ALT)).to_have_count(0)
    assert gateway.images[image_id].edits["alt_text"] == "Theirs"


@pytest.mark.detail
async def test_change_of_another_text_is_no_conflict(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)
    await (await begun(page, ALT)).fill("Mine")
    gateway.images[image_id].edits["concise"] = "Theirs"
    gateway.images[image_id].touch()

    await page.keyboard.press("Control+Enter")

    await expect(page.get_by_text("Edited by you")).to_be_visible()
    assert gateway.images[image_id].edits == {"alt_text": "Mine", "concise": "Theirs"}


async def test_what_was_typed_is_there_after_a_reload_and_gone_once_saved(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)
    await (await begun(page, CREATIVE)).fill("Half a thought")

    await page.reload()
    await expect(page.get_by_role("textbox", name=CREATIVE)).to_have_value("Half a thought")
    await button(page, "Save creative caption").click()
    await expect(page.get_by_text("Edited by you")).to_be_visible()
    await page.reload()

    await expect(page.get_by_role("paragraph").filter(has_text="Half a thought")).to_be_visible()
    await expect(page.get_by_role("textbox", name=CREATIVE)).to_have_count(0)


@pytest.mark.detail
async def test_text_is_kept_while_the_gateway_is_away(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)
    area = await begun(page, ALT)
    await area.fill("Mine")
    gateway.down = True

    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("alert").filter(has_text="could not be saved")).to_be_visible()
    await expect(area).to_have_value("Mine")
    gateway.down = False
    await button(page, "Save alt text").click()

    await until(lambda: gateway.images[image_id].edits == {"alt_text": "Mine"})


@pytest.mark.detail
async def test_cancelled_text_can_be_brought_back(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)
    await (await begun(page, ALT)).fill("Mine")

    await page.keyboard.press("Escape")
    await expect(button(page, "Edit alt text")).to_be_focused()
    await page.get_by_role("button", name="Bring back what I wrote").click()

    await expect(page.get_by_role("textbox", name=ALT)).to_have_value("Mine")
    assert gateway.images[image_id].edits == {}


@pytest.mark.detail
async def test_copy_takes_the_very_text(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url, gateway.add(CAT))

    await button(page, "Copy short caption").click()

    await expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("A photo in <b>#")
    assert copied.endswith("</b> & *more*")


async def test_new_captions_are_followed_until_they_are_there(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)

    await page.get_by_text("Caption again").click()
    await page.get_by_label("Style").fill("for a travel shop")
    await pick(page, page.get_by_role("combobox", name="Ask first"), "SageMaker")
    await page.get_by_role("button", name="Write new captions").click()

    await expect(page.get_by_text("In the style: for a travel shop")).to_be_visible()
    assert gateway.images[image_id].provider == "sagemaker"
    await quiet(gateway.requests.total)


@pytest.mark.detail
async def test_open_editor_outlives_new_captions(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url, gateway.add(CAT))
    await (await begun(page, ALT)).fill("Mine")

    await page.get_by_text("Caption again").click()
    await page.get_by_role("button", name="Write new captions").click()

    await expect(page.get_by_text("It now reads:")).to_be_visible()
    await expect(page.get_by_role("textbox", name=ALT)).to_have_value("Mine")


async def test_download_has_the_captions_inside(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)

    async with page.expect_download() as started:
        await page.get_by_role("button", name="Download with captions inside").click()
    path = await (await started.value).path()

    name = (await started.value).suggested_filename
    assert Path(name).stem == image_id
    assert b"A scene dominated by the colour" in Path(path).read_bytes()


async def test_deletion_asks_once_more_and_goes_back(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, pictures: Path
) -> None:
    image_id = gateway.add(CAT)
    kept = gateway.add(REAL_PHOTOS["flower"].read_bytes())
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)

    await button(page, "Delete").click()
    await expect(button(page, "Keep it")).to_be_visible()
    await page.screenshot(path=pictures / "photo-delete.png")
    await button(page, "Keep it").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert image_id in gateway.images
    await button(page, "Delete").click()
    await button(page, "Delete for good").click()

    await expect(page.get_by_text("The photo was deleted.")).to_be_visible()
    await page.screenshot(path=pictures / "photo-deleted.png")
    await expect(page.get_by_role("heading", level=1, name="History")).to_be_visible()
    await expect(page).not_to_have_url(re.compile("image="))
    assert list(gateway.images) == [kept]


@pytest.mark.detail
async def test_failed_photo_says_why_and_another_try_is_followed(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT, failed_by="providers_exhausted")
    page = await (await open_context()).new_page()
    await opened(page, page_url, image_id)
    await expect(page.get_by_text("No caption writer could finish this photo")).to_be_visible()

    await button(page, "Try again").click()

    await expect(page.get_by_role("heading", name=ALT)).to_be_visible()
    await expect(button(page, "Try again")).to_have_count(0)


async def test_origin_is_a_picture_and_a_table_and_nothing_comes_from_elsewhere(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    await opened(page, page_url, gateway.add(CAT))

    await page.get_by_text("Where the captions came from").click()

    await expect(page.get_by_text("2. SageMaker: passed over")).to_be_visible()
    await page.get_by_text("The same as a table").first.click()
    await expect(page.get_by_role("rowheader", name="Hugging Face")).to_be_visible()
    allowed = (page_url, gateway.url, "data:", "blob:", page_url.replace("http", "ws", 1))
    assert [url for url in asked if not url.startswith(allowed)] == []


@pytest.mark.detail
async def test_picture_keeps_its_room_while_it_loads(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    image_id = gateway.add(CAT)
    page = await (await open_context()).new_page()
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await page.route("**/originals/*", hold)
    await opened(page, page_url, image_id)
    await expect(page.get_by_role("heading", name=ALT)).to_be_visible()
    frame = page.locator(".frame")
    await still(page)
    before = await frame.bounding_box()

    released.set()
    await until(lambda: arrived(page))

    assert await frame.bounding_box() == before


async def arrived(page: Page) -> bool:
    return await loaded_pictures(page) == 1


async def test_unknown_photo_is_said_to_be_not_here(
    open_context: OpenContext, page_url: str
) -> None:
    page = await (await open_context()).new_page()

    await page.goto(f"{page_url}/history?image=nothing")

    await expect(
        page.get_by_role("heading", level=1, name="This photo is not here")
    ).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_photo_fits_its_screen(
    open_context: OpenContext,
    page_url: str,
    gateway: FakeGateway,
    pictures: Path,
    size: tuple[int, int],
    scheme: str,
) -> None:
    image_id = gateway.add(CAT, keep_exif=True)
    page = await (await open_context(size, scheme)).new_page()
    name = f"{size[0]}-{scheme}"
    await opened(page, page_url, image_id)
    await expect(page.get_by_role("heading", name=ALT)).to_be_visible()
    await until(lambda: arrived(page))
    await fits(page, pictures / f"photo-{name}.png")

    await unfold(page)
    await (await begun(page, ALT)).fill("A picture of a cat")
    await choose(page, gateway, image_id)
    await page.set_viewport_size({"width": size[0], "height": 2700})

    await fits(page, pictures / f"photo-open-{name}.png")
    assert [str(found) for found in await findings(page) if found.is_ours_to_mend] == []


async def unfold(page: Page) -> None:
    for words in ("Caption again", "About this photo", "Where the captions came from"):
        await page.get_by_text(words).click()
    await expect(page.get_by_text("2. SageMaker: passed over")).to_be_visible()
    await page.get_by_text("The same as a table").first.click()


async def choose(page: Page, gateway: FakeGateway, image_id: str) -> None:
    """Come to where there are two versions of the creative caption."""
    await (await begun(page, CREATIVE)).fill("Mine")
    gateway.images[image_id].edits["creative"] = "Theirs"
    gateway.images[image_id].touch()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("It now reads:")).to_be_visible()


async def fits(page: Page, picture: Path) -> None:
    await page.screenshot(path=picture)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0
