"""Two people at the same time, each in a browser of their own, see nothing of each other."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.photos import REAL_PHOTOS
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PHOTOS = {
    "ana": [REAL_PHOTOS["chelsea"], REAL_PHOTOS["flower"]],
    "ben": [REAL_PHOTOS["china"], REAL_PHOTOS["coffee"]],
}
# Everything of the page, component trees included: what is written, typed and linked.
_ALL = """() => {
  const of = (root) => [...root.querySelectorAll("*")].map((one) => [
    [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data),
    one.src, one.href, one.value, one.shadowRoot ? of(one.shadowRoot) : "",
  ]);
  return JSON.stringify(of(document));
}"""


async def test_two_people_at_once_never_see_each_other(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    pages = {name: await signed_in(open_context, page_url, name) for name in PHOTOS}

    for act in (drop, look_back, search, open_account, come_back):
        await asyncio.gather(*(act(page, name) for name, page in pages.items()))
        for name, page in pages.items():
            await has_nothing_of_others(page, gateway, name)


async def drop(page: Page, name: str) -> None:
    await page.set_input_files("input[type=file]", PHOTOS[name])
    await expect(page.get_by_text("2 of 2 photos done")).to_be_visible(timeout=60_000)


async def look_back(page: Page, name: str) -> None:
    await page.get_by_role("link", name="History", exact=True).click()
    await expect(page.get_by_role("checkbox", name="Select:")).to_have_count(2)


async def search(page: Page, name: str) -> None:
    field = page.get_by_label("Search captions and labels")
    await field.fill("photo in")
    await field.press("Enter")
    await expect(page.get_by_role("checkbox", name="Select:")).to_have_count(2)


async def open_account(page: Page, name: str) -> None:
    await page.get_by_role("link", name="Account", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="Account")).to_be_visible()


async def come_back(page: Page, name: str) -> None:
    await page.get_by_role("link", name="Caption photos", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="Caption photos")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("2 of 2 photos done")).to_be_visible(timeout=60_000)


@pytest.mark.detail
async def test_address_of_somebody_elses_photo_leads_nowhere(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    theirs = gateway.add(PHOTOS["ana"][0].read_bytes(), owner="ana", batch="of-ana")
    page = await signed_in(open_context, page_url, "ben")

    await page.goto(f"{page_url}/history?image={theirs}")
    await expect(page.get_by_role("heading", level=1, name="not here")).to_be_visible()
    await has_nothing_of_others(page, gateway, "ben", asked_for=theirs)
    await page.goto(f"{page_url}/caption?batch=of-ana")
    await expect(page.get_by_text("There are no photos here")).to_be_visible()
    await has_nothing_of_others(page, gateway, "ben")


async def test_operations_are_for_operators_only(open_context: OpenContext, page_url: str) -> None:
    page = await signed_in(open_context, page_url, "ben")

    await expect(page.get_by_role("link", name="Operations")).to_have_count(0)
    await page.goto(f"{page_url}/operations")

    await expect(page.get_by_text("is for the people who run the service")).to_be_visible()
    await expect(page.locator("body")).not_to_contain_text("dead letter", ignore_case=True)


async def signed_in(open_context: OpenContext, url: str, name: str) -> Page:
    """A page in a browser of this person's own."""
    context = await open_context()
    await context.add_cookies([{"name": "person", "value": name, "url": url}])
    page = await context.new_page()
    await page.goto(url)
    await expect(page.get_by_text(f"{name}@example.com")).to_be_visible()
    return page


async def has_nothing_of_others(
    page: Page, gateway: FakeGateway, name: str, *, asked_for: str = ""
) -> None:
    """No text, picture, address or name of anybody else's is anywhere in the document, but for the
    id of the photo that was ``asked_for``.
    """
    await expect(page.get_by_text(f"{name}@example.com").first).to_be_visible()
    everything = await page.evaluate(_ALL)
    others = [photo for photo in gateway.images.values() if photo.owner != name]
    assert others
    for photo in others:
        assert photo.image_id == asked_for or photo.image_id not in everything
        assert f"/{photo.image_id}" not in everything
        assert photo.text not in everything
    for person in PHOTOS:
        assert (f"{person}@example.com" in everything) == (person == name)
