"""The table in ``benchmarks/README.md``, made from the results and from nothing else.

In the table is what is judged; every figure of a row stands in the list below it, and in its plot.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Standing
from benchmarks.row import Row

BEGIN = "<!-- table: made by `make bench`, not by hand -->"
END = "<!-- end of table -->"
_HEADER = (
    "| row | against | reach | measured (quartiles) | verdict | run |\n|---|---|---|---|---|---|\n"
)
_ORDER: tuple[Standing, ...] = ("not reached", "undecided", "reached", "told")
_SHOWN = 6  # figures in a line of the table
_ALL_HEADER = (
    "| figure | value | limit | quartiles | least to most | samples |\n|---|---|---|---|---|---|\n"
)


def rebuild(readme: Path, rows: Sequence[Row], results: Mapping[str, dict[str, Any]]) -> None:
    """Replace what stands between the two markers. Raises ValueError if they are not there."""
    text = readme.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} has lost the markers of its table")
    table = _HEADER + "".join(line(row, results.get(row.name)) for row in rows)
    lists = "".join(every_figure(row, results[row.name]) for row in rows if row.name in results)
    readme.write_text(f"{before}{BEGIN}\n{table}\n{_took(results)}{lists}{END}{after}")


def line(row: Row, result: dict[str, Any] | None) -> str:
    """The table's line of one row."""
    if result is None:
        return (
            f"| `{row.name}`: {row.title} | {row.against} | {row.reach} | not measured yet | | |\n"
        )
    figures: Sequence[Figure] = result["figures"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    commit = result["commit"]["id"][:7] + ("+changes" if result["commit"]["dirty"] else "")
    loads = result["load"]
    took = f", {result['seconds']:.0f} s" if "seconds" in result else ""
    cells = (
        f"[`{row.name}`](../docs/images/bench/{row.name}.png): {row.title}",
        f"{row.against} ({versions})",
        row.reach,
        "<br>".join(_shown(figures)),
        verdict(figures),
        f"{result['date'][:10]}, {commit}, load {loads['before']} to {loads['after']}{took}",
    )
    return f"| {' | '.join(cells)} |\n"


def every_figure(row: Row, result: dict[str, Any]) -> str:
    """All figures of a row, to be unfolded."""
    figures: Sequence[Figure] = result["figures"]
    lines = "".join(f"| {' | '.join(_cells(figure))} |\n" for figure in figures)
    summary = f"<summary><code>{row.name}</code>: all {len(figures)} figures</summary>"
    return f"<details>{summary}\n\n{_ALL_HEADER}{lines}\n</details>\n"


def verdict(figures: Sequence[Figure]) -> str:
    """Whether every judged figure is reached, which is not or nearly, and where a peer wins."""
    words = []
    for standing in ("not reached", "undecided"):
        labels = [figure.label for figure in figures if figure.standing == standing]
        words += [f"**{standing}**: {', '.join(labels)}"] if labels else []
    if not words and any(figure.judged for figure in figures):
        words = ["reached"]
    words += [
        f"**{figure.peer} wins** ({figure.label})"
        for figure in figures
        if figure.peer is not None and figure.value > 1
    ]
    return "; ".join(words) or "told, not judged"


def turned(before: Sequence[Figure], after: Sequence[Figure]) -> list[str]:
    """The figures that one run of a row has reached and the other has not."""
    stood = {figure.label: figure.standing for figure in before}
    opposite = {"reached": "not reached", "not reached": "reached"}
    return [
        figure.label
        for figure in after
        if stood.get(figure.label) == opposite.get(figure.standing, "neither")
    ]


def _shown(figures: Sequence[Figure]) -> list[str]:
    """What is judged, what is missed first; of a row that is only told, what it tells first."""
    judged = [figure for figure in figures if figure.judged]
    ranked = sorted(judged or figures, key=lambda figure: _ORDER.index(figure.standing))
    missed = sum(figure.standing != "reached" for figure in judged)
    shown = ranked[: max(_SHOWN, missed)]
    rest = len(ranked) - len(shown)
    left = f"and {rest} more, all within their limits" if judged else f"and {rest} more"
    return [_measured(figure) for figure in shown] + ([left] if rest else [])


def _measured(figure: Figure) -> str:
    found = figure.spread
    quartiles = f" ({_number(found.lower)} to {_number(found.upper)})" if found else ""
    return f"{figure.label}: {_value(figure)}{quartiles}"


def _cells(figure: Figure) -> tuple[str, ...]:
    found = figure.spread
    spread = (
        (
            f"{_number(found.lower)} to {_number(found.upper)}",
            f"{_number(found.least)} to {_number(found.most)}",
            f"{found.count}",
        )
        if found
        else ("", "", "one value")
    )
    limits = [f"≤ {figure.at_most:g}"] if figure.at_most is not None else []
    limits += [f"≥ {figure.at_least:g}"] if figure.at_least is not None else []
    value = f"{_value(figure)} ± {figure.give:.2g}" if figure.judged else _value(figure)
    return (figure.label, value, ", ".join(limits), *spread)


def _value(figure: Figure) -> str:
    return f"{_number(figure.value)} {figure.unit}".rstrip()


def _took(results: Mapping[str, dict[str, Any]]) -> str:
    seconds = [result.get("seconds") for result in results.values()]
    known = [each for each in seconds if each is not None]
    if not known:
        return ""
    rows = "rows" if len(known) > 1 else "row"
    return f"{len(known)} {rows} took {sum(known) / 60:.1f} minutes. Every figure:\n\n"


def _number(value: float) -> str:
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.4f}"
