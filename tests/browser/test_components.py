"""The scripts of our own components, on an empty page and without Streamlit."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenContext

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

COMPONENTS = Path(__file__).parents[2] / "services" / "ui" / "components"
DRAW = """async ([source, drawings]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const draw = (await import(url)).default;
  for (const data of drawings) draw({ data, parentElement: document.body, setTriggerValue() {} });
}"""


async def drawn(page: Page, script: str, *drawings: dict[str, Any]) -> None:
    await page.evaluate(DRAW, [(COMPONENTS / script).read_text(), list(drawings)])


def card(stage: str, revision: int) -> dict[str, Any]:
    return {
        "title": "cat.jpg",
        "stage": stage.lower(),
        "stage_label": stage,
        "step": None,
        "texts": [],
        "image": None,
        "problem": None,
        "note": None,
        "large": False,
        "revision": revision,
    }


def grid(caption: str, revision: int) -> dict[str, Any]:
    tile = {"id": "1", "caption": caption, "when": "now", "stage": "done", "url": None}
    return {"tiles": [tile], "revision": revision}


@pytest.mark.parametrize(
    ("script", "older", "newer"),
    [
        ("card.js", card("Preparing", 1), card("Done", 2)),
        ("grid.js", grid("Preparing", 1), grid("Done", 2)),
    ],
    ids=["card", "grid"],
)
async def test_older_drawing_that_is_told_late_changes_nothing(
    open_context: OpenContext, script: str, older: dict[str, Any], newer: dict[str, Any]
) -> None:
    page = await (await open_context()).new_page()

    await drawn(page, script, older, newer, older)

    await expect(page.get_by_text("Done")).to_be_visible()
    await expect(page.get_by_text("Preparing")).to_have_count(0)


async def test_same_drawing_again_is_drawn(open_context: OpenContext) -> None:
    page = await (await open_context()).new_page()

    await drawn(page, "card.js", card("Done", 2), card("Done", 2))

    await expect(page.get_by_role("article")).to_have_count(1)
