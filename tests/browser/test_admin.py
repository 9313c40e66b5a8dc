"""The Operations page in a browser, on a fake gateway that is at work."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, WIDE, OpenContext
from tests.browser.stillness import quiet
from tests.deadlines import until
from tests.unit.ui.fake_gateway import FakeGateway

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

CHARTS = 8
QUEUES = "GET /v1/admin/queues"
# A look every ten seconds, and a busy machine.
A_LOOK = 25.0  # seconds


async def opened(page: Page, url: str) -> None:
    """The page with all its charts drawn."""
    await page.goto(f"{url}/operations")
    # The first one writes down the charts, which takes a machine that does much else a while.
    await expect(page.get_by_role("heading", name="Cost a day")).to_be_visible(timeout=60_000)
    await expect(page.locator("svg.marks")).to_have_count(CHARTS)


def asked(gateway: FakeGateway) -> int:
    return gateway.requests[QUEUES]


async def test_trouble_is_told_first_and_leads_to_its_place(
    open_context: OpenContext, page_url: str
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)

    await expect(page.get_by_role("status").filter(has_text="need a look")).to_be_visible()
    await page.get_by_role("button", name="See the dead letters").focus()
    await page.keyboard.press("Enter")

    await expect(page.locator(".st-key-operations-letters")).to_be_focused()
    await expect(page.get_by_role("heading", name="Dead letters")).to_be_in_viewport()


@pytest.mark.detail
async def test_figures_of_a_chart_open_as_a_table_and_stay_open(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    table = page.get_by_role("table", name="Photos a day")
    await expect(table).to_be_hidden()

    await page.locator(".st-key-table-throughput summary").press("Enter")
    await expect(table.get_by_role("row")).to_have_count(8)
    looked = gateway.requests["GET /v1/admin/usage"]
    await until(lambda: gateway.requests["GET /v1/admin/usage"] > looked, within=3 * A_LOOK)

    await expect(table.get_by_role("row")).to_have_count(8)


async def test_dead_letters_are_sent_back_by_keyboard(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    await expect(page.get_by_text("<b>of</b>")).to_be_visible()

    await page.get_by_role("button", name="Send back all").press("Enter")
    await page.get_by_role("button", name="Yes, send them back").press("Enter")

    await expect(page.get_by_text("About 3 jobs are on the way back")).to_be_visible()
    await expect(page.get_by_text("No job was given up on.")).to_be_visible()
    assert gateway.operations.letters["caption"] == []


async def test_dead_letters_are_deleted_by_their_name_only(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    await page.get_by_role("button", name="Delete all").click()
    name = page.get_by_label("Type caption-dlq to confirm")

    await name.fill("caption")
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_text("That is not caption-dlq.")).to_be_visible()
    assert len(gateway.operations.letters["caption"]) == 3
    await name.fill("caption-dlq")
    await page.get_by_role("button", name="Delete for good").click()

    await expect(page.get_by_text("The dead letters are being deleted")).to_be_visible()
    assert gateway.operations.letters["caption"] == []


@pytest.mark.detail
async def test_what_is_typed_outlasts_a_look(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    await page.get_by_role("button", name="Delete all").click()
    name = page.get_by_label("Type caption-dlq to confirm")
    await name.press_sequentially("caption")
    looked = asked(gateway)

    await until(lambda: asked(gateway) > looked + 1, within=2 * A_LOOK)

    await expect(name).to_have_value("caption")
    await expect(name).to_be_focused()


async def test_a_provider_is_switched_off_and_on(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)

    await page.get_by_role("button", name="Switch off Hugging Face").click()
    await page.get_by_role("button", name="Yes, switch it off").click()
    panel = page.get_by_role("region", name="Hugging Face")
    await expect(panel.get_by_text("Switched off", exact=True)).to_be_visible()
    assert gateway.operations.off == {"huggingface"}
    await page.get_by_role("button", name="Switch on Hugging Face").click()

    await expect(panel.get_by_text("Left alone", exact=True)).to_be_visible()
    assert gateway.operations.off == set()


@pytest.mark.detail
async def test_thirty_days_are_in_their_order(open_context: OpenContext, page_url: str) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)

    await page.get_by_text("30 days", exact=True).click()
    await expect(page.get_by_text("in 30 days")).to_be_visible()

    # Each bar says what it is to screen readers; of one provider's, time goes to the right.
    chart = page.locator(".st-key-figure-cost svg.marks")
    bars = chart.locator("[aria-label*=Bedrock][aria-roledescription=bar]")
    await expect(bars).to_have_count(30)
    labels = await bars.evaluate_all(
        """bars => bars
            .map(bar => [bar.getBoundingClientRect().x, bar.getAttribute("aria-label")])
            .sort((one, other) => one[0] - other[0])
            .map(([, label]) => label.match(/\\d{4}-\\d\\d-\\d\\d/)[0])"""
    )
    assert labels == sorted(labels)


@pytest.mark.detail
async def test_the_page_looks_again_while_it_is_seen(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)
    looked = asked(gateway)

    await until(lambda: asked(gateway) > looked, within=A_LOOK)
    await seen(page, "hidden")
    await quiet(lambda: asked(gateway), lasting_s=A_LOOK, within_s=2 * A_LOOK)
    looked = asked(gateway)
    await seen(page, "visible")

    await until(lambda: asked(gateway) > looked, within=A_LOOK)


async def seen(page: Page, state: str) -> None:
    """What a browser tells pages whose tab is put behind others, or before them."""
    await page.evaluate(
        """state => {
            const get = () => state === "hidden";
            Object.defineProperty(document, "hidden", { get, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


@pytest.mark.detail
async def test_a_gateway_that_is_away_leaves_the_charts(
    open_context: OpenContext, page_url: str, gateway: FakeGateway
) -> None:
    page = await (await open_context()).new_page()
    await opened(page, page_url)

    gateway.down = True
    await expect(page.get_by_text("not answering right now")).to_be_visible(timeout=A_LOOK * 1000)
    await expect(page.locator("svg.marks")).to_have_count(CHARTS)
    gateway.down = False

    await expect(page.get_by_text("not answering right now")).to_have_count(
        0, timeout=2 * A_LOOK * 1000
    )


@pytest.mark.detail
async def test_somebody_else_is_told_whose_page_it_is(
    open_context: OpenContext, page_url: str
) -> None:
    context = await open_context()
    await context.add_cookies([{"name": "person", "value": "ben", "url": page_url}])
    page = await context.new_page()

    await page.goto(f"{page_url}/operations")

    await expect(page.get_by_text("for the people who run the service")).to_be_visible()
    await expect(page.get_by_role("link", name="Operations")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_the_page_fits_its_screen(
    open_context: OpenContext,
    page_url: str,
    pictures: Path,
    size: tuple[int, int],
    scheme: str,
) -> None:
    page = await (await open_context(size, scheme)).new_page()
    await opened(page, page_url)

    height = await page.locator(".stMainBlockContainer").evaluate("main => main.scrollHeight")
    await page.screenshot(path=pictures / f"fake-operations-{size[0]}-{scheme}.png")
    # Streamlit scrolls within the page: to have all of it in one picture, the window is as high.
    await page.set_viewport_size({"width": size[0], "height": height + 20})
    await page.screenshot(path=pictures / f"fake-operations-whole-{size[0]}-{scheme}.png")

    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0
