"""The table in ``benchmarks/README.md``, made from the results and from nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.row import Row

BEGIN = "<!-- table: made by `make bench`, not by hand -->"
END = "<!-- end of table -->"
_HEADER = (
    "| row | reach | measured | spread: quartiles (least to most), count | verdict | run |\n"
    "|---|---|---|---|---|---|\n"
)


def rebuild(readme: Path, rows: Sequence[Row], results: Mapping[str, dict[str, Any]]) -> None:
    """Replace what stands between the two markers. Raises ValueError if they are not there."""
    text = readme.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} has lost the markers of its table")
    table = _HEADER + "".join(line(row, results.get(row.name)) for row in rows)
    readme.write_text(f"{before}{BEGIN}\n{table}{END}{after}")


def line(row: Row, result: dict[str, Any] | None) -> str:
    """The table's line of one row."""
    title = f"`{row.name}`: {row.title}; against {row.against}"
    if result is None:
        return f"| {title} | {row.reach} | not measured yet | | | |\n"
    figures: Sequence[Figure] = result["figures"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    commit = result["commit"]["id"][:7] + ("+changes" if result["commit"]["dirty"] else "")
    loads = result["load"]
    cells = (
        f"{title} ({versions})",
        row.reach,
        "<br>".join(_measured(figure) for figure in figures),
        "<br>".join(_spread(figure) for figure in figures),
        verdict(figures),
        f"{result['date'][:10]}, {commit}, load {loads['before']} to {loads['after']}",
    )
    return f"| {' | '.join(cells)} |\n"


def verdict(figures: Sequence[Figure]) -> str:
    """Whether every judged figure is reached, which is not, and where a peer wins."""
    judged = [figure for figure in figures if figure.judged]
    missed = [figure.label for figure in judged if not figure.reached]
    words = [f"**not reached**: {', '.join(missed)}"] if missed else ["reached"] if judged else []
    words += [
        f"**{figure.peer} wins** ({figure.label})"
        for figure in figures
        if figure.peer is not None and figure.value > 1
    ]
    return "; ".join(words) or "told, not judged"


def _measured(figure: Figure) -> str:
    return f"{figure.label}: {_number(figure.value)} {figure.unit}".rstrip()


def _spread(figure: Figure) -> str:
    found = figure.spread
    if found is None:
        return "one value"
    lower, upper, least, most = map(_number, (found.lower, found.upper, found.least, found.most))
    return f"{lower} to {upper} ({least} to {most}), {found.count}"


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.4f}"
