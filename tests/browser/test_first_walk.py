"""Somebody who has never been here: from the front page to the alt text of one photo, copied.

``docs/first-walk.md`` tells the times; ``-s`` shows those of this run.
"""

import sys
import time
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenContext
from tests.photos import REAL_PHOTOS
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.timeout(420)]

CLICKS_MAX = 4  # after the sign-in
IN_THE_FILE_DIALOG = 2  # the file and "Open": the browser's own dialog, which no script can see
GENEROUS_S = 120.0


@dataclass
class Walk:
    """Steps as they are taken: what, how many clicks, and the seconds until it was there."""

    steps: list[tuple[str, int, float]] = field(default_factory=list)
    begun: float = field(default_factory=time.perf_counter)

    def took(self, what: str, *, clicks: int = 0) -> None:
        now = time.perf_counter()
        self.steps.append((what, clicks, now - self.begun))
        self.begun = now

    @property
    def seconds(self) -> float:
        return sum(seconds for _, _, seconds in self.steps)

    def clicks(self, since: int = 0) -> int:
        return sum(clicks for _, clicks, _ in self.steps[since:])

    def table(self) -> str:
        rows = [f"| {what} | {clicks} | {seconds:.1f} |" for what, clicks, seconds in self.steps]
        total = f"| **all** | {self.clicks()} | **{self.seconds:.1f}** |"
        return "\n".join(["", "| step | clicks | s |", "|---|---|---|", *rows, total, ""])


async def test_first_visit_ends_with_a_copied_alt_text_after_four_clicks(
    stack: Stack, open_context: OpenContext
) -> None:
    page = await (await open_context()).new_page()
    walk = Walk()
    await page.goto(stack["UI_URL"])
    sign_in = page.get_by_role("button", name="Sign in")
    await expect(sign_in).to_be_visible()
    walk.took("the front page is there")

    await signed_in(page, sign_in, stack, walk)
    at = len(walk.steps)
    await photo_added(page, walk)
    copy = page.get_by_role("button", name="Copy alt text")
    await expect(copy).to_be_visible(timeout=60_000)
    walk.took("the captions are there")
    text = await copied(page, copy)
    walk.took("the alt text is on the clipboard", clicks=1)

    sys.stdout.write(walk.table())
    assert 0 < len(text) <= 125
    await expect(page.get_by_text(text, exact=True).first).to_be_visible()
    assert walk.clicks(since=at) <= CLICKS_MAX
    assert walk.seconds < GENEROUS_S


async def signed_in(page: Page, sign_in: Locator, stack: Stack, walk: Walk) -> None:
    await sign_in.click()
    await expect(page.get_by_label("Username")).to_be_visible()
    walk.took("“Sign in” leads to the hosted sign-in", clicks=1)
    await page.get_by_label("Username").fill(stack["LOCAL_ADMIN"])
    await page.get_by_label("Password").fill(stack["LOCAL_ADMIN_PASSWORD"])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("Choose photos")).to_be_visible(timeout=30_000)
    walk.took("name and password lead to the page", clicks=1)


async def photo_added(page: Page, walk: Walk) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_text("Choose photos").click()
    await (await chooser.value).set_files(REAL_PHOTOS["chelsea"])
    await expect(page.get_by_text("of 1 photo done")).to_be_visible()
    walk.took("“Choose photos”, the file, “Open”", clicks=1 + IN_THE_FILE_DIALOG)


async def copied(page: Page, copy: Locator) -> str:
    await copy.click()
    await expect(copy).to_have_text("Copied")
    return str(await page.evaluate("navigator.clipboard.readText()"))
