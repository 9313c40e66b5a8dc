"""Every page under axe-core: nothing grave that is ours, and Streamlit's own as it is written down.

What is only a best practice, or not grave, is printed and judges nothing.
"""

import hashlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.accessibility import Exemption, exemptions, findings
from tests.browser.conftest import PHONE, WIDE, OpenContext
from tests.photos import REAL_PHOTOS
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CAT = REAL_PHOTOS["chelsea"].read_bytes()
SLOW_S = 600.0  # a step of a photo that is to stay under way

Walk = Callable[[Page, str, FakeGateway], AsyncIterator[str]]
"""Leads ``page`` from state to state, and names each once it is there."""


async def front(page: Page, url: str, gateway: FakeGateway) -> AsyncIterator[str]:
    for person, heading in (("nobody", "Captions for your photos"), ("ended", "Sign in again")):
        await page.context.add_cookies([{"name": "person", "value": person, "url": url}])
        await page.goto(url)
        await expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        yield f"front page, {person}"


async def caption(page: Page, url: str, gateway: FakeGateway) -> AsyncIterator[str]:
    doomed = REAL_PHOTOS["flower"]
    gateway.doomed[hashlib.sha256(doomed.read_bytes()).hexdigest()] = "timed_out"
    await page.goto(url)
    await expect(page.get_by_text("What you get")).to_be_visible()
    yield "caption, empty"
    await page.get_by_text("Options").first.click()
    await expect(page.get_by_label("Style, in your own words")).to_be_visible()
    yield "caption, options"
    gateway.step_s = SLOW_S
    await page.set_input_files("input[type=file]", [REAL_PHOTOS["chelsea"], doomed])
    await expect(page.get_by_text("0 of 2 photos done")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(2)
    yield "caption, under way"
    gateway.step_s = 0
    await expect(page.get_by_text("1 of 2 photos done, 1 could not be")).to_be_visible()
    yield "caption, done and failed"


async def photo(page: Page, url: str, gateway: FakeGateway) -> AsyncIterator[str]:
    image_id = gateway.add(CAT, keep_exif=True)
    await page.goto(f"{url}/history?image={image_id}")
    await expect(page.get_by_role("button", name="Edit alt text")).to_be_visible()
    for name in ("About this photo", "Where the captions came from", "Caption again"):
        await page.get_by_text(name, exact=True).first.click()
    await expect(page.get_by_role("button", name="Write new captions")).to_be_visible()
    yield "photo"
    await page.get_by_role("button", name="Edit alt text").click()
    await page.get_by_role("textbox", name="Alt text").fill("A photo of a cat")
    await expect(page.get_by_text("Leave out")).to_be_visible()
    yield "photo, edited"
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield "photo, to be deleted"
    failed = gateway.add(CAT, failed_by="timed_out")
    await page.goto(f"{url}/history?image={failed}")
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()
    yield "photo, failed"
    await page.goto(f"{url}/history?image=nowhere")
    await expect(page.get_by_role("heading", level=1, name="not here")).to_be_visible()
    yield "photo, not there"


async def history(page: Page, url: str, gateway: FakeGateway) -> AsyncIterator[str]:
    await page.goto(f"{url}/history")
    await expect(page.get_by_text("Your photos and their captions")).to_be_visible()
    yield "history, empty"
    for name in REAL_PHOTOS:
        gateway.add(REAL_PHOTOS[name].read_bytes(), batch="b", degraded=name == "coffee")
    gateway.add(CAT, failed_by="timed_out")
    await page.reload()
    tiles = page.get_by_role("checkbox", name="Select:")
    await expect(tiles).to_have_count(len(REAL_PHOTOS) + 1)
    yield "history"
    await tiles.first.check()
    await tiles.nth(1).check()
    await expect(page.get_by_text("2 selected")).to_be_visible()
    yield "history, two chosen"
    await page.get_by_role("button", name="Delete").first.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield "history, to be deleted"


async def account(page: Page, url: str, gateway: FakeGateway) -> AsyncIterator[str]:
    gateway.add(CAT)
    await page.goto(f"{url}/account")
    await expect(page.get_by_role("heading", level=1, name="Account")).to_be_visible()
    await expect(page.get_by_role("button", name="Delete everything").first).to_be_visible()
    yield "account"
    await page.get_by_text("Read the privacy notice").click()
    await page.get_by_role("button", name="Delete everything").first.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield "account, everything to be deleted"


async def operations(page: Page, url: str, gateway: FakeGateway) -> AsyncIterator[str]:
    await page.goto(f"{url}/operations")
    await expect(page.get_by_role("heading", level=1, name="Operations")).to_be_visible()
    await expect(page.get_by_text("Cost").first).to_be_visible()
    yield "operations"
    await page.get_by_role("button", name="Delete all of").click()
    await expect(page.get_by_label("Type caption-dlq to confirm")).to_be_visible()
    yield "operations, letters to be deleted"


async def away(page: Page, url: str, gateway: FakeGateway) -> AsyncIterator[str]:
    gateway.down = True
    for view in ("history", "account", "operations"):
        await page.goto(f"{url}/{view}")
        await expect(page.get_by_text("not answering").first).to_be_visible()
        yield f"{view}, gateway away"


WALKS: dict[str, Walk] = {
    walk.__name__: walk for walk in (front, caption, photo, history, account, operations, away)
}


@pytest.fixture(scope="module")
def needed() -> set[Exemption]:
    """The rows of the table that were of use so far."""
    return set()


@pytest.fixture(scope="module")
def walked() -> set[str]:
    return set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("name", WALKS)
async def test_page_breaks_no_rule_of_ours(
    open_context: OpenContext,
    page_url: str,
    gateway: FakeGateway,
    pictures: Path,
    needed: set[Exemption],
    walked: set[str],
    name: str,
    size: tuple[int, int],
    scheme: str,
) -> None:
    gateway.step_s = 0
    page = await (await open_context(size, scheme)).new_page()
    await page.emulate_media(reduced_motion="reduce")
    ours: list[str] = []

    async for place in WALKS[name](page, page_url, gateway):
        for found in await findings(page):
            sys.stdout.write(f"[{place}] {found}\n")  # shown by pytest if the test fails
            if found.exemption is not None:
                needed.add(found.exemption)
            if found.is_ours_to_mend:
                ours.append(f"[{place}] {found}")
        await page.screenshot(path=pictures / f"axe-{place}-{size[0]}-{scheme}.png")

    walked.add(f"{name}-{size[0]}-{scheme}")
    assert ours == []


@pytest.mark.detail
def test_every_row_of_the_table_is_still_needed(needed: set[Exemption], walked: set[str]) -> None:
    if len(walked) < 4 * len(WALKS):
        pytest.skip("not all pages were looked at in this run")

    assert [row for row in exemptions() if row not in needed] == []


async def test_text_that_is_fading_in_is_judged_once_it_is_there(open_context: OpenContext) -> None:
    page = await (await open_context()).new_page()
    await page.set_content(
        "<html lang=en><title>x</title><style>@keyframes in { from { opacity: 0.3 } }"
        "p { animation: in 1s }</style><main><h1>x</h1><p>words</p></main></html>"
    )

    assert [str(each) for each in await findings(page) if each.is_ours_to_mend] == []


async def test_picture_without_a_text_is_found(open_context: OpenContext) -> None:
    page = await (await open_context()).new_page()
    await page.set_content(
        "<html lang=en><title>x</title><main><h1>x</h1><img src=x></main></html>"
    )

    [found] = [each for each in await findings(page) if each.is_ours_to_mend]

    assert (found.rule, found.impact) == ("image-alt", "critical")


def test_rows_are_read_from_the_document() -> None:
    text = "| rule | selector | reason |\n|---|---|---|\n| `list` | `ul > li.a` | Because. |\n"

    assert exemptions(text) == [Exemption("list", "ul > li.a")]
