"""The scripts of our own components, on an empty page and without Streamlit."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from services.ui.components.sources import source
from tests.browser.conftest import OpenContext

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

DRAW = """async ([source, drawings]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const draw = (await import(url)).default;
  const told = { setTriggerValue() {}, setStateValue() {} };
  for (const data of drawings) draw({ data, parentElement: document.body, ...told });
}"""


GRID = ("grid_selection.js", "grid_tiles.js", "grid.js")


async def drawn(page: Page, scripts: tuple[str, ...], *drawings: dict[str, Any]) -> None:
    await page.evaluate(DRAW, [source("dom.js", *scripts), list(drawings)])


def facts(value: str, revision: int) -> dict[str, Any]:
    return {
        "label": "Facts",
        "facts": [{"text": "State", "note": value}],
        "revision": revision,
    }


def grid(caption: str, revision: int, *ids: str, **changes: Any) -> dict[str, Any]:
    tiles = [
        {
            "id": image_id,
            "caption": caption,
            "when": f"at {image_id}",
            "stage": "done",
            "state": None,
            "note": None,
            "url": None,
            "row": f"{image_id},{caption}\r\n",
        }
        for image_id in ids or ("1",)
    ]
    empty = {"address": "", "page": "", "header": "", "chosen": {}, "gone": [], "place": None}
    return {"tiles": tiles, **empty, **changes, "revision": revision}


@pytest.mark.parametrize(
    ("scripts", "older", "newer"),
    [
        (("facts.js",), facts("Preparing", 1), facts("Done", 2)),
        (GRID, grid("Preparing", 1), grid("Done", 2)),
    ],
    ids=["facts", "grid"],
)
async def test_older_drawing_that_is_told_late_changes_nothing(
    open_context: OpenContext,
    scripts: tuple[str, ...],
    older: dict[str, Any],
    newer: dict[str, Any],
) -> None:
    page = await (await open_context()).new_page()

    await drawn(page, scripts, older, newer, older)

    await expect(page.get_by_text("Done", exact=True)).to_be_visible()
    await expect(page.get_by_text("Preparing")).to_have_count(0)


async def test_same_drawing_again_is_drawn(open_context: OpenContext) -> None:
    page = await (await open_context()).new_page()

    await drawn(page, ("facts.js",), facts("Done", 2), facts("Done", 2))

    await expect(page.get_by_text("Done")).to_have_count(1)


async def test_grid_keeps_the_order_told_and_the_focus(open_context: OpenContext) -> None:
    page = await (await open_context()).new_page()
    await drawn(page, GRID, grid("Cat", 1, "3", "2", "1"))
    await page.get_by_role("link").nth(1).focus()

    await drawn(page, GRID, grid("Dog", 2, "4", "3", "2"))

    links = await page.get_by_role("link").all()
    assert [await link.get_attribute("href") for link in links] == [f"?image={n}" for n in "432"]
    await expect(page.get_by_role("link").nth(2)).to_be_focused()


async def test_grid_forgets_deleted_photos_and_keeps_other_choices(
    open_context: OpenContext,
) -> None:
    page = await (await open_context()).new_page()
    await drawn(page, GRID, grid("Cat", 1, "2", "1", chosen={"2": None, "9": "9,Far\r\n"}))
    await expect(page.get_by_text("2 selected, 1 of them on other pages")).to_be_visible()

    await page.get_by_role("checkbox", name="Select: Cat, at 1").check()
    await drawn(page, GRID, grid("Cat", 2, "1", gone=["2"], chosen={}))

    await expect(page.get_by_text("2 selected, 1 of them on other pages")).to_be_visible()
    await expect(page.get_by_role("checkbox", name="Select: Cat, at 1")).to_be_checked()


async def test_grid_takes_no_caption_for_markup(open_context: OpenContext) -> None:
    page = await (await open_context()).new_page()

    await drawn(page, GRID, grid("<b>Cat</b>", 1))

    await expect(page.get_by_role("link")).to_contain_text("<b>Cat</b>")
    await expect(page.locator("b")).to_have_count(0)


async def drawn_anew(page: Page, drawing: dict[str, Any]) -> None:
    """As after leaving the grid's page, or when Streamlit puts up the same page twice."""
    await page.evaluate("document.body.replaceChildren()")
    await drawn(page, GRID, drawing)


BACK_AT_2 = {"place": {"id": "2", "top": 0, "at": 1}}


async def test_grid_put_up_twice_on_the_way_back_still_has_the_keyboard_on_the_photo(
    open_context: OpenContext,
) -> None:
    page = await (await open_context()).new_page()
    await drawn(page, GRID, grid("Cat", 1, "3", "2", "1", **BACK_AT_2))
    await expect(page.get_by_role("link").nth(1)).to_be_focused()

    await drawn_anew(page, grid("Cat", 2, "3", "2", "1", **BACK_AT_2))

    await expect(page.get_by_role("link").nth(1)).to_be_focused()


async def test_way_back_is_over_once_the_reader_does_something(open_context: OpenContext) -> None:
    page = await (await open_context()).new_page()
    await drawn(page, GRID, grid("Cat", 1, "3", "2", "1", **BACK_AT_2))
    await expect(page.get_by_role("link").nth(1)).to_be_focused()
    await page.keyboard.press("Tab")

    await drawn_anew(page, grid("Cat", 2, "3", "2", "1", **BACK_AT_2))
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    await expect(page.locator("a:focus")).to_have_count(0)
