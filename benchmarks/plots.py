"""``python -m benchmarks.plots [NAME ...]``: a picture of each row, from its JSON and nothing else.

One drawing serves all rows: a panel for each unit, a line for each figure. The box has the
quartiles, the whiskers go from the least sample to the most, a dot is the one value there is. A
limit is a bar across its line; how a figure stands to it is its colour.
"""

import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import results
from benchmarks.drawing import BLUE, GREEN, GREY, ORANGE, begun, save
from benchmarks.figures import Figure
from benchmarks.panels import by_unit, is_wide

_WIDTH, _LINE, _PANEL, _HEAD = 9.0, 0.24, 0.62, 0.5  # inches
_KEY = (
    "blue: within its limit; orange: not; green: too near to tell; grey: told. "
    "Boxes: quartiles; whiskers: all samples."
)
_COLOURS = {"reached": BLUE, "not reached": ORANGE, "undecided": GREEN, "told": GREY}


def main(names: Sequence[str]) -> int:
    """Draw the rows named, or every row that there are results of."""
    for path in sorted(results.FOLDER.glob("*.json")):
        if not names or path.stem in names:
            content = _row(path.stem)
            if content is not None:
                _draw(content)
    return 0


def _row(name: str) -> dict[str, Any] | None:
    try:
        return results.load(name)
    except KeyError:
        return None  # of `make load` or `make simulate`, which draw their own


def _draw(content: dict[str, Any]) -> None:
    panels = by_unit(content["figures"])
    heights = [_PANEL + _LINE * len(figures) for figures in panels.values()]
    pyplot = begun()
    drawing, axes = pyplot.subplots(
        len(panels),
        1,
        figsize=(_WIDTH, _HEAD + sum(heights)),
        height_ratios=heights,
        squeeze=False,
    )
    for axis, (unit, figures) in zip(axes[:, 0], panels.items(), strict=True):
        _panel(axis, unit, figures)
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    title = content.get("title", content["name"])
    drawing.suptitle(f"{title}\n{content['date'][:10]}; {versions}", fontsize=9)
    drawing.text(0.01, 0.004, _KEY, fontsize=7, color="#555555")
    save(drawing, f"bench/{content['name']}.png")


def _panel(axis: Any, unit: str, figures: Sequence[Figure]) -> None:
    places = range(len(figures), 0, -1)  # the first one on top
    said: tuple[float | None, float | None] = (None, None)
    for place, figure in zip(places, figures, strict=True):
        _line(axis, place, figure)
        limits = (figure.at_most, figure.at_least)
        _limits(axis, place, figure, is_said=limits == said)
        said = limits
    axis.set_yticks(list(places), [figure.label for figure in figures])
    axis.set_ylim(0.4, len(figures) + 0.6)
    axis.grid(visible=False, axis="y")
    axis.set_xlabel(unit or "no unit", labelpad=1)
    if is_wide(figures):
        axis.set_xscale("log")
    elif all(figure.value >= 0 for figure in figures):
        axis.set_xlim(left=min(0, *axis.get_xlim()))
    if any(figure.peer is not None for figure in figures):
        axis.axvline(1, color=GREY, linestyle=":", linewidth=1)


def _line(axis: Any, place: int, figure: Figure) -> None:
    colour = _COLOURS[figure.standing]
    if figure.spread is None:
        axis.plot([figure.value], [place], marker="o", color=colour, markersize=5)
    else:
        axis.bxp(
            [
                {
                    "whislo": figure.spread.least,
                    "q1": figure.spread.lower,
                    "med": figure.value,
                    "q3": figure.spread.upper,
                    "whishi": figure.spread.most,
                }
            ],
            positions=[place],
            widths=0.55,
            orientation="horizontal",
            showfliers=False,
            manage_ticks=False,
            patch_artist=True,
            boxprops={"facecolor": colour, "edgecolor": colour, "alpha": 0.45},
            medianprops={"color": colour, "linewidth": 2},
            whiskerprops={"color": colour},
            capprops={"color": colour},
        )


def _limits(axis: Any, place: int, figure: Figure, *, is_said: bool) -> None:
    """A bar at each limit, with its number unless the figure above has the same."""
    for limit, sign in ((figure.at_most, "≤"), (figure.at_least, "≥")):
        if limit is None:
            continue
        axis.plot([limit, limit], [place - 0.45, place + 0.45], color="black", linewidth=1.5)
        if not is_said:
            axis.annotate(
                f"{sign} {limit:g}",
                (limit, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
