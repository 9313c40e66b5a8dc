"""Fifty photos at once: the page goes on answering, and one that fails disturbs no other."""

import sys
from pathlib import Path

import pytest
from playwright.async_api import expect

from shared.records import Status
from tests.browser.conftest import OpenContext
from tests.browser.fifty_photos import COUNT, STEP_S, TURN_S, clicked_while_running, files
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# How fast it is, `make bench NAME=page_clicks` says; here it must only not stand still.
GENEROUS_MS = 5000


async def test_fifty_photos_leave_the_page_at_work_and_fail_alone(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, tmp_path: Path
) -> None:
    gateway.step_s, gateway.turn_s = STEP_S, TURN_S
    page = await (await open_context()).new_page()
    await page.goto(page_url)
    await expect(page.get_by_text("What you get")).to_be_visible()

    await page.set_input_files("input[type=file]", files(tmp_path))
    clicks = await clicked_while_running(page)
    assert not all(photo.status.is_terminal for photo in gateway.photos_of("ana"))
    gateway.step_s = 0
    done = page.get_by_text(f"{COUNT - 1} of {COUNT} photos done, 1 could not be captioned")
    await expect(done).to_be_visible(timeout=90_000)

    assert max(clicks.copy + clicks.navigation + clicks.option) < GENEROUS_MS
    statuses = [photo.status for photo in gateway.photos_of("ana")]
    assert (statuses.count(Status.COMPLETED), statuses.count(Status.FAILED)) == (COUNT - 1, 1)
    asked = {route: n for route, n in gateway.requests.items() if not route.endswith(" /bucket")}
    assert sum(asked.values()) < 6 * COUNT, asked
    await expect(page.get_by_text("We could not read this photo")).to_have_count(1)
    sys.stdout.write(f"{clicks}\n{asked}\n")
