"""Fifty photos dropped at once, one of which nobody can read, and clicks timed while they run.

The test of it and the benchmark measure by the same code.
"""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Locator, Page, expect

from tests.photos import REAL_PHOTOS, real_picture, truncated_jpeg

COUNT = 50
# One photo after the other, as a worker takes them: all the clicks fall into the run.
STEP_S = 0.5
TURN_S = 1.5
_SIDE = 1200  # pixels
_ROUNDS = 5
# The time runs from the input itself, so that a page too busy to hear it counts as slow, to the
# frame in which the answer is there. Who answers is what was hit: on the way back from another view
# everything may have been put up anew since it was looked for.
_WATCH = """(sought, [answered, withinMs]) => {
  const isAnswered = new Function("target", `return ${answered}`);
  window.answerMs = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`no answer: ${answered}`)), withinMs);
    window.addEventListener("pointerdown", (event) => {
      const target = event.composedPath().find((node) => node.tagName === sought.tagName);
      const look = () => isAnswered(target)
        ? resolve(performance.now() - event.timeStamp)
        : requestAnimationFrame(look);
      look();
    }, { capture: true, once: true });
  });
}"""
_WITHIN_MS = 30_000


@dataclass
class Clicks:
    """Milliseconds from a click to its answer on the screen, while photos run."""

    copy: list[float] = field(default_factory=list)
    navigation: list[float] = field(default_factory=list)
    option: list[float] = field(default_factory=list)


def files(folder: Path) -> list[str]:
    """The photos as files: real ones, each in colours of its own, and one that is cut off."""
    pictures = [real_picture(name) for name in REAL_PHOTOS]
    names = []
    for number in range(COUNT - 1):
        picture = pictures[number % len(pictures)].copy()
        picture.thumbnail((_SIDE, _SIDE))
        names.append(_written(folder / f"photo-{number:02}.jpg", _tinted(picture, number)))
    broken = folder / "broken.jpg"
    broken.write_bytes(truncated_jpeg())
    return [*names, str(broken)]


def _tinted(picture: Image.Image, number: int) -> bytes:
    tint = Image.new("RGB", picture.size, (number * 5, 255 - number * 5, number * 37 % 256))
    out = BytesIO()
    Image.blend(picture, tint, 0.25).save(out, "JPEG", quality=88)
    return out.getvalue()


def _written(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


async def answer_ms(page: Page, target: Locator, answered: str) -> float:
    """Click ``target``; milliseconds until the JavaScript expression ``answered`` is true, in
    which ``target`` is the element that was hit. An error if it is not so within half a minute.
    """
    await target.scroll_into_view_if_needed()
    await target.evaluate(_WATCH, [answered, _WITHIN_MS])
    await target.click()
    answer: Any = await page.evaluate("window.answerMs")
    return float(answer)


async def clicked_while_running(page: Page) -> Clicks:
    """Click about, from when the first photo has its texts; there are photos under way all the
    time.
    """
    clicks = Clicks()
    copies = page.get_by_role("button", name="Copy short caption")
    await expect(copies.first).to_be_visible(timeout=60_000)
    for number in range(_ROUNDS):
        button = copies.nth(number)
        clicks.copy.append(await answer_ms(page, button, "target.textContent === 'Copied'"))
        summary = page.locator("summary").filter(has_text="Options")
        is_toggled = (
            "target.parentElement.open" if number % 2 == 0 else "!target.parentElement.open"
        )
        clicks.option.append(await answer_ms(page, summary, is_toggled))
        clicks.navigation.append(await _led_to(page, "History", "History"))
        clicks.navigation.append(await _led_to(page, "Caption photos", "Caption photos"))
        await expect(copies.nth(number + 1)).to_be_visible()
    return clicks


async def _led_to(page: Page, link: str, heading: str) -> float:
    there = f"document.querySelector('h1')?.textContent === '{heading}'"
    return await answer_ms(page, page.get_by_role("link", name=link, exact=True), there)
