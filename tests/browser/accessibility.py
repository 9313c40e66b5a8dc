"""axe-core on a page of ours, less what ``docs/accessibility.md`` says is Streamlit's own.

The page's table is what is left out: a row that no longer occurs and a finding without a row both
show.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

from tests.browser.stillness import still

DOCUMENT = Path(__file__).parents[2] / "docs" / "accessibility.md"
STANDARD = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
GRAVE = frozenset({"serious", "critical"})
_ROW = re.compile(r"^\| `(?P<rule>[a-z0-9-]+)` \| `(?P<selector>[^`]+)` \|", re.MULTILINE)
# An element inside a component's shadow tree is ours, whatever surrounds it.
_RUN = """async ([tags, rows]) => {
  const found = await axe.run(document, {
    runOnly: { type: "tag", values: tags }, resultTypes: ["violations"], elementRef: true,
  });
  return found.violations.flatMap((rule) => rule.nodes.map((node) => ({
    rule: rule.id, impact: node.impact, tags: rule.tags, html: node.html.slice(0, 300),
    target: node.target.flat(Infinity).join(" >> "), why: node.failureSummary,
    row: rows.findIndex((row) => row.rule === rule.id && node.element.matches(row.selector)),
  })));
}"""


@dataclass(frozen=True)
class Exemption:
    """A rule that elements of Streamlit's break."""

    rule: str
    selector: str


@dataclass(frozen=True)
class Finding:
    """An element that breaks a rule. ``exemption`` is the row that leaves it out, if any."""

    rule: str
    impact: str
    is_standard: bool
    target: str
    html: str
    why: str
    exemption: Exemption | None

    @property
    def is_ours_to_mend(self) -> bool:
        """It is grave, breaks WCAG and is nobody else's."""
        return self.impact in GRAVE and self.is_standard and self.exemption is None

    def __str__(self) -> str:
        return f"{self.rule} ({self.impact}) at {self.target}\n  {self.html}\n  {self.why}"


def exemptions(text: str | None = None) -> list[Exemption]:
    """The rows of the document's table."""
    found = _ROW.finditer(DOCUMENT.read_text() if text is None else text)
    return [Exemption(row["rule"], row["selector"].replace("\\|", "|")) for row in found]


async def findings(page: Page) -> list[Finding]:
    """What axe-core finds on ``page`` once it is still, best practices included."""
    await still(page)
    rows = exemptions()
    await page.evaluate(AXE_SCRIPT)
    asked = [{"rule": row.rule, "selector": row.selector} for row in rows]
    found = await page.evaluate(_RUN, [[*STANDARD, "best-practice"], asked])
    return [_finding(each, rows) for each in found]


def _finding(found: dict[str, Any], rows: list[Exemption]) -> Finding:
    return Finding(
        rule=found["rule"],
        impact=found["impact"] or "minor",
        is_standard="best-practice" not in found["tags"],
        target=found["target"],
        html=found["html"],
        why=found["why"],
        exemption=rows[found["row"]] if found["row"] >= 0 else None,
    )
