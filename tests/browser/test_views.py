"""On the way from one view to another, nothing is told that nobody asked for."""

import pytest
from playwright.async_api import Page, Route, expect

from services.ui.components.sources import source
from tests.browser.conftest import OpenContext
from tests.browser.dropping import PHOTOS
from tests.browser.slow_socket import halting
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# Two views, of which the second is shown; clicks lead nowhere, as before Streamlit has answered.
VIEWS = """<div class="st-key-top">
<a data-testid="stPageLink-NavLink" href="/history">History</a>
<a data-testid="stPageLink-NavLink" href="">Caption</a></div>
<script>addEventListener("click", (event) => event.preventDefault())</script>"""
MARK = """async ([script, current]) => {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  (await import(url)).default({ data: { current } });
}"""
# What tells by itself, every second or sooner, into window.told.
PULSE = """
window.told = 0;
const made = { parentElement: document.body, setTriggerValue: () => (window.told += 1) };
module.default({ data: { revision: 1, every_ms: 1000 }, ...made });"""
TRAY = """
window.told = 0;
const model = { tick: 0, items: new Map(), drops: [], retries: {} };
const talk = module.conversation(model, () => {
  window.told += 1;
  setTimeout(() => talk.answered({ tick: model.tick, pause: 0.25 }), 50);
});
talk.changed();"""
TELLERS = {
    "pulse": (source("dom.js", "pulse.js"), PULSE),
    "tray": (
        source("dom.js", "tray_model.js", "tray.js") + "\nexport { conversation };",
        TRAY,
    ),
}
START = """async ([script, begin]) => {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  new Function("module", begin)(await import(url));
}"""


async def mark(page: Page, current: int) -> None:
    """What the page does when a view is there: the link to it is marked."""
    await page.evaluate(MARK, [source("dom.js", "navigation.js"), current])


async def told_within(page: Page, ms: int) -> int:
    before = int(await page.evaluate("window.told"))
    await page.clock.run_for(ms)
    return int(await page.evaluate("window.told")) - before


async def with_views(page: Page, teller: str) -> None:
    async def answer(route: Route) -> None:
        await route.fulfill(content_type="text/html", body=VIEWS)

    await page.route("http://views.test/**", answer)
    await page.clock.install()
    await page.goto("http://views.test/history")
    await page.evaluate("history.pushState(null, '', '/caption')")
    await mark(page, 1)
    await page.evaluate(START, list(TELLERS[teller]))
    assert await told_within(page, 3000) >= 2


@pytest.mark.parametrize("by", ["click", "way back"])
@pytest.mark.parametrize("teller", TELLERS)
async def test_nothing_is_told_from_the_click_until_the_other_view_is_there(
    open_context: OpenContext, teller: str, by: str
) -> None:
    page = await (await open_context()).new_page()
    await with_views(page, teller)

    if by == "click":
        await page.get_by_role("link", name="History").click()
    else:
        await page.go_back()

    assert await told_within(page, 2000) == 0
    await mark(page, 1)  # Streamlit draws what is there once more.
    assert await told_within(page, 2000) == 0
    await mark(page, 0)
    assert await told_within(page, 3000) >= 2


@pytest.mark.parametrize("teller", TELLERS)
async def test_way_that_leads_nowhere_holds_up_what_is_to_be_told_for_seconds_only(
    open_context: OpenContext, teller: str
) -> None:
    page = await (await open_context()).new_page()
    await with_views(page, teller)

    await page.get_by_role("link", name="History").click()

    await page.clock.run_for(5000)
    assert await told_within(page, 3000) >= 2


@pytest.mark.parametrize("teller", TELLERS)
async def test_link_to_the_view_that_is_shown_holds_up_nothing(
    open_context: OpenContext, teller: str
) -> None:
    page = await (await open_context()).new_page()
    await with_views(page, teller)

    await page.get_by_role("link", name="Caption").click()

    assert await told_within(page, 3000) >= 2


# The tray tells something every quarter of a second while an answer is on its way, so many a
# switch has it speak after the click and before the view is there.
ANSWERS_AFTER_S = 1.0
LATENCY_S = 0.4
SWITCHES = 4


@pytest.mark.detail
@pytest.mark.parametrize("by", ["click", "way back"])
async def test_view_opened_over_a_slow_line_while_photos_come_along_is_not_cleared_again(
    open_context: OpenContext, page_url: str, gateway: FakeGateway, by: str
) -> None:
    gateway.step_s = 600.0
    context = await open_context()
    await halting(context, LATENCY_S, shortest_s=LATENCY_S)
    page = await context.new_page()
    await page.goto(page_url)
    await expect(page.get_by_text("What you get")).to_be_visible()
    await page.set_input_files("input[type=file]", PHOTOS)
    await expect(page.get_by_text("Waiting", exact=True)).to_have_count(3)
    gateway.delay_s = ANSWERS_AFTER_S

    for _ in range(SWITCHES):
        await go_to(page, "Account")
        # Drawn last, and only from what the gateway answers.
        await expect(page.get_by_role("button", name="Download everything")).to_be_visible()
        if by == "click":
            await go_to(page, "Caption photos")
        else:
            await page.go_back()
        await expect(page.get_by_text("Waiting", exact=True)).to_have_count(3)


async def go_to(page: Page, view: str) -> None:
    await page.get_by_role("link", name=view, exact=True).click()
