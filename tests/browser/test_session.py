"""Coming, going and being away, in a browser whose sign-in is a cookie of the test's."""

import re
import time
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import PHONE, OpenContext
from tests.browser.page_server import answers, serving
from tests.deadlines import until
from tests.unit.ui.fake_gateway import FakeGateway, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

NOTHING_IS_KEPT = """async () => {
  const names = (await indexedDB.databases()).map((one) => one.name);
  return ![...Object.keys(localStorage), ...names].some((name) => name.startsWith("captions"));
}"""
NO_LOOKS = """const plain = window.setInterval;
window.setInterval = (act, pause, ...rest) => (pause === 5000 ? 0 : plain(act, pause, ...rest));"""
KEEP = """(owner) => new Promise((done) => {
  localStorage.setItem(`captions:${owner}:draft`, '"words"');
  sessionStorage.setItem(`captions:${owner}:draft`, '"words"');
  localStorage.setItem("not ours", "1");
  const opening = indexedDB.open("captions");
  opening.onsuccess = () => { opening.result.close(); done(); };
})"""


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    """One server for all: what a test leaves behind is in its own browser context."""
    with (
        running(FakeGateway()) as gateway,
        serving("session_page.py", TEST_GATEWAY_URL=gateway.url) as url,
    ):
        await until(lambda: answers(f"{url}/_stcore/health"), within=30)
        yield url


async def sign_in(
    context: BrowserContext, url: str, name: str, *, since: float = 1000, lasts: float = 3600
) -> None:
    signed = f"{name}.{since:.0f}.{time.time() + lasts:.0f}"
    await context.add_cookies([{"name": "signed", "value": signed, "url": url}])


async def opened(context: BrowserContext, address: str) -> Page:
    page = await context.new_page()
    await page.goto(address)
    return page


async def is_anas(page: Page) -> None:
    await is_signed_in(page)
    await expect(page.get_by_text("ana@example.com").first).to_be_visible()


async def is_signed_in(page: Page) -> None:
    await expect(page.get_by_role("button", name="Sign out").first).to_be_visible()


async def is_front(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Captions for your photos")).to_be_visible()


async def test_sign_out_in_one_tab_signs_out_the_other(open_context: OpenContext, url: str) -> None:
    context = await open_context()
    await sign_in(context, url, "ana")
    here, there = await opened(context, url), await opened(context, f"{url}/history")
    await is_anas(here)
    await is_anas(there)

    await here.get_by_role("button", name="Sign out").first.click()

    await is_front(there)
    await is_front(here)
    await expect(there).to_have_url(f"{url}/")


async def test_sign_out_leaves_nothing_of_ours_in_the_browser(
    open_context: OpenContext, url: str
) -> None:
    context = await open_context()
    await sign_in(context, url, "ana")
    page = await opened(context, url)
    await is_anas(page)
    await page.evaluate(KEEP, "ana")

    await page.get_by_role("button", name="Sign out").first.click()
    await is_front(page)

    await until(lambda: page.evaluate(NOTHING_IS_KEPT))
    assert await page.evaluate("sessionStorage.getItem('captions:ana:draft')") is None
    assert await page.evaluate("localStorage.getItem('not ours')") == "1"


@pytest.mark.detail
async def test_other_tab_clears_itself_before_the_server_has_heard(
    open_context: OpenContext, url: str
) -> None:
    context = await open_context()
    # Told at once, and not found out by the look that a tab takes now and then.
    await context.add_init_script(NO_LOOKS)
    await sign_in(context, url, "ana")
    here, there = await opened(context, url), await opened(context, url)
    await is_anas(here)
    await is_anas(there)
    await context.route("**/auth/logout", lambda route: route.abort())

    await here.get_by_role("button", name="Sign out").first.click()

    await until(lambda: is_hidden(there))
    await until(lambda: is_hidden(here))


async def is_hidden(page: Page) -> bool:
    return await page.locator(".stMain:visible").count() == 0


async def test_back_after_sign_out_shows_no_photos(open_context: OpenContext, url: str) -> None:
    context = await open_context()
    await sign_in(context, url, "ana")
    page = await opened(context, url)
    await is_anas(page)
    await page.get_by_role("link", name="History").click()
    await expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()
    await page.get_by_role("button", name="Sign out").first.click()
    await is_front(page)

    await page.go_back()

    await is_front(page)
    await expect(page.get_by_text("ana@example.com")).to_have_count(0)


@pytest.mark.detail
async def test_page_kept_for_the_back_button_is_kept_hidden(
    open_context: OpenContext, url: str
) -> None:
    context = await open_context()
    await sign_in(context, url, "ana")
    page = await opened(context, url)
    await is_anas(page)

    await page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")

    assert await is_hidden(page)


async def test_tab_of_another_person_starts_anew_as_soon_as_somebody_else_signed_in(
    open_context: OpenContext, url: str
) -> None:
    context = await open_context()
    await sign_in(context, url, "ana", since=1000)
    hers = await opened(context, f"{url}/history?q=secret")
    await is_anas(hers)
    await hers.evaluate(KEEP, "ana")

    await sign_in(context, url, "ben", since=2000)
    his = await opened(context, url)

    for page in (his, hers):
        await expect(page.get_by_text("ben@example.com").first).to_be_visible()
        await expect(page.get_by_text("ana@example.com")).to_have_count(0)
    await expect(hers).not_to_have_url(re.compile("secret"))
    assert await his.evaluate("localStorage.getItem('captions:ana:draft')") is None


@pytest.mark.detail
async def test_page_that_can_not_agree_with_the_browser_does_not_go_round_for_ever(
    open_context: OpenContext, url: str
) -> None:
    context = await open_context()
    await sign_in(context, url, "ana", since=1000)
    await context.add_init_script(
        "localStorage.setItem('captions-session', JSON.stringify({owner: 'ben', since: 9e9}))"
    )

    await is_anas(await opened(context, url))


async def test_own_drafts_outlive_a_new_sign_in(open_context: OpenContext, url: str) -> None:
    context = await open_context()
    await sign_in(context, url, "ana", since=1000)
    page = await opened(context, url)
    await is_anas(page)
    await page.evaluate(KEEP, "ana")

    await sign_in(context, url, "ana", since=2000)
    await page.reload()
    await is_anas(page)

    assert await page.evaluate("localStorage.getItem('captions:ana:draft')") == '"words"'


async def test_session_that_runs_out_asks_to_sign_in_by_itself(
    open_context: OpenContext, url: str
) -> None:
    context = await open_context()
    # It is not used any more half a minute before it ends: after twenty seconds.
    await sign_in(context, url, "ana", lasts=50)
    page = await opened(context, url)
    await expect(page.get_by_text("you will be asked to sign in again")).to_be_visible()

    await expect(page.get_by_role("heading", name="Sign in again")).to_be_visible(timeout=45_000)

    await expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


@pytest.mark.detail
async def test_notice_of_the_end_comes_late_and_can_be_put_away(
    open_context: OpenContext, url: str
) -> None:
    context = await open_context(PHONE)
    await sign_in(context, url, "ana", lasts=3600)
    page = await opened(context, url)
    notice = page.get_by_text("you will be asked to sign in again")
    await is_signed_in(page)
    await expect(notice).to_be_hidden()

    await sign_in(context, url, "ana", lasts=300)
    await page.reload()
    await expect(notice).to_be_visible()

    await page.get_by_role("button", name="Later").click()
    await page.get_by_role("link", name="History").click()
    await expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()

    await expect(notice).to_be_hidden()


@pytest.mark.detail
async def test_sign_in_elsewhere_brings_a_waiting_tab_in(
    open_context: OpenContext, url: str
) -> None:
    context = await open_context()
    waiting = await opened(context, f"{url}/history")
    await is_front(waiting)

    await sign_in(context, url, "ana")
    await is_anas(await opened(context, url))

    await is_anas(waiting)
    await expect(waiting).to_have_url(f"{url}/history")


async def test_sign_in_leads_back_to_where_it_was_asked_for_once(
    open_context: OpenContext, url: str
) -> None:
    context = await open_context()
    page = await opened(context, f"{url}/history?q=cat")
    await page.get_by_role("button", name="Sign in").click()

    await sign_in(context, url, "ana")
    await page.goto(url)

    await expect(page).to_have_url(f"{url}/history?q=cat")
    await is_anas(page)
    await page.goto(url)
    await is_anas(page)
    await expect(page).to_have_url(f"{url}/")


@pytest.mark.detail
@pytest.mark.parametrize(
    "place",
    [
        pytest.param({"path": "//elsewhere.test/"}, id="no-scheme"),
        pytest.param({"path": "/\\elsewhere.test/"}, id="backslash"),
        pytest.param({"path": "/\t/elsewhere.test/"}, id="tab"),
        pytest.param({"path": "javascript:alert(1)"}, id="script"),
        pytest.param({"path": "/history", "owner": "ben"}, id="of-another"),
        pytest.param({"path": "/history", "at": 0}, id="long-ago"),
    ],
)
async def test_no_other_place_is_gone_to(
    open_context: OpenContext, url: str, place: dict[str, object]
) -> None:
    context = await open_context()
    page = await opened(context, url)
    await is_front(page)
    keep = "(place) => sessionStorage.setItem('captions-place', JSON.stringify(place))"
    await page.evaluate(keep, {"at": time.time() * 1000, "owner": None, **place})

    await sign_in(context, url, "ana")
    await page.reload()

    await is_anas(page)
    assert page.url.rstrip("/") == url


@pytest.mark.detail
async def test_current_view_is_marked_and_named(open_context: OpenContext, url: str) -> None:
    context = await open_context()
    await sign_in(context, url, "ana")
    page = await opened(context, url)
    views = page.get_by_role("navigation", name="Views")
    await expect(views.locator("[aria-current=page]")).to_contain_text("Caption photos")
    await expect(page).to_have_title("Caption photos · Photo captions")

    await views.get_by_role("link", name="History").click()

    await expect(views.locator("[aria-current=page]")).to_contain_text("History")
    await expect(page).to_have_title("History · Photo captions")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
