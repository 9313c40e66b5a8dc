"""One photo's page in a browser, less the editing: captioned again, downloaded, deleted, seen."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.accessibility import findings
from tests.browser.conftest import PHONE, WIDE, OpenContext, loaded_pictures
from tests.browser.one_photo import ALT, CAT, CREATIVE, begun, button, opened
from tests.browser.stillness import pick, quiet, still
from tests.deadlines import until
from tests.photos import REAL_PHOTOS
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


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
