"""Waiting until a page, or what it asks for, has come to rest."""

import asyncio
from collections.abc import Callable

from playwright.async_api import Locator, Page, expect

from tests.deadlines import POLL_S

# Playwright looks in a frame of its own, before the events of a scroll that it made are sent.
_TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_NOTHING_MOVES = "() => document.getAnimations().every((one) => one.playState !== 'running')"


async def still(page: Page) -> None:
    """Return once nothing in ``page`` fades, unfolds, scrolls or waits to be drawn anew."""
    await page.wait_for_function(_NOTHING_MOVES)
    await expect(page.locator("[data-stale=true]")).to_have_count(0)
    await page.evaluate(_TWO_FRAMES)


async def pick(page: Page, field: Locator, option: str) -> None:
    """Pick ``option`` from the list of ``field``, which has stopped moving before it is clicked.

    An open list shuts as soon as what is around it scrolls, as those of browsers do.
    """
    await field.scroll_into_view_if_needed()
    await still(page)
    await field.click()
    await page.get_by_role("option", name=option).click()


async def quiet(
    asked: Callable[[], int], *, lasting_s: float = 3.0, within_s: float = 15.0
) -> None:
    """Return once ``asked`` has stood still for ``lasting_s``; fail after ``within_s`` seconds."""
    clock = asyncio.get_running_loop().time
    end = clock() + within_s
    known, since = asked(), clock()
    while clock() - since < lasting_s:
        assert clock() < end, f"asked for more within each {lasting_s} s, {known} so far"
        await asyncio.sleep(POLL_S)
        if (now := asked()) != known:
            known, since = now, clock()
