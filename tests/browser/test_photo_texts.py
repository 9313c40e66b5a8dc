"""One photo's texts in a browser: judged while typed, never lost, and nobody else's overwritten."""

from dataclasses import asdict
from typing import Any

import pytest
from playwright.async_api import expect

from services.ui.components import texts
from services.ui.components.sources import source
from services.ui.editing import texts_of
from tests.browser.conftest import OpenContext
from tests.browser.one_photo import ALT, CAT, CREATIVE, SHORT, begun, button, opened
from tests.deadlines import until
from tests.unit.ui.fake_client import completed
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

DRAW = """async ([source, data]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const draw = (await import(url)).default;
  draw({ data, parentElement: document.body, setStateValue() {} });
}"""
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
