"""What goes where in the plot of a row."""

from collections.abc import Sequence

from benchmarks.figures import Figure

_WIDE = 30.0  # least to most of a panel from which on it needs a logarithmic scale


def by_unit(figures: Sequence[Figure]) -> dict[str, list[Figure]]:
    """The figures of each unit, units and figures in the order of the row."""
    panels: dict[str, list[Figure]] = {}
    for figure in figures:
        panels.setdefault(figure.unit, []).append(figure)
    return panels


def is_wide(figures: Sequence[Figure]) -> bool:
    """Whether the figures are too far apart to be told from each other on a linear scale."""
    least = min(figure.spread.least if figure.spread else figure.value for figure in figures)
    most = max(figure.spread.most if figure.spread else figure.value for figure in figures)
    return least > 0 and most / least > _WIDE
