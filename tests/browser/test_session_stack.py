"""Signing in and out with the real hosted sign-in, on the whole stack, in more than one tab."""

import re
import uuid
import zipfile

import pytest
from playwright.async_api import Page, expect

from clients.api import CaptionApi
from tests.browser.conftest import OpenContext
from tests.photos import REAL_PHOTOS
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(420)]


async def sign_in(page: Page, stack: Stack) -> None:
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Username").fill(stack["LOCAL_USER"])
    await page.get_by_label("Password").fill(stack["LOCAL_PASSWORD"])
    await page.get_by_role("button", name="Sign in").click()


async def is_signed_in(page: Page) -> None:
    await expect(page.get_by_role("navigation", name="Views")).to_be_visible(timeout=30_000)


async def is_front(page: Page) -> None:
    heading = page.get_by_role("heading", name="Captions for your photos")
    await expect(heading).to_be_visible(timeout=30_000)


async def test_deep_link_survives_the_sign_in_and_sign_out_reaches_every_tab(
    stack: Stack, open_context: OpenContext
) -> None:
    context = await open_context()
    page = await context.new_page()
    await page.goto(f"{stack['UI_URL']}/history?q=cat")
    await is_front(page)

    await sign_in(page, stack)

    await expect(page).to_have_url(re.compile(r"/history\?q=cat"), timeout=30_000)
    await is_signed_in(page)
    await page.evaluate("localStorage.setItem('captions:anyone:draft', '1')")

    other = await context.new_page()
    await other.goto(f"{stack['UI_URL']}/account")
    await is_signed_in(other)

    await page.get_by_role("button", name="Sign out").first.click()

    await is_front(page)
    await is_front(other)
    assert not any(
        cookie["name"].startswith("_streamlit_user") for cookie in await context.cookies()
    )
    assert await page.evaluate("localStorage.getItem('captions:anyone:draft')") is None

    await page.go_back()
    await is_front(page)
    await page.goto(f"{stack['UI_URL']}/account")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("Password")).to_be_visible()


async def test_everything_can_be_taken_along_and_then_deleted(
    stack: Stack, open_context: OpenContext
) -> None:
    with CaptionApi(stack["GATEWAY_URL"], stack.token(stack["LOCAL_USER"])) as api:
        api.submit(REAL_PHOTOS["chelsea"].read_bytes(), key=uuid.uuid4().hex)
    page = await (await open_context()).new_page()
    await page.goto(f"{stack['UI_URL']}/account")
    await sign_in(page, stack)
    await is_signed_in(page)

    async with page.expect_download() as starting:
        await page.get_by_role("button", name="Download everything").click()
    archive = zipfile.ZipFile(await (await starting.value).path())

    assert archive.testzip() is None
    assert "captions.csv" in archive.namelist()

    await page.get_by_role("button", name="Delete everything …").click()
    await page.get_by_label("Type “delete my data” to confirm").fill("delete my data")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("This is your receipt")).to_be_visible(timeout=60_000)
    await expect(page.get_by_text("No photos yet.")).to_be_visible()
