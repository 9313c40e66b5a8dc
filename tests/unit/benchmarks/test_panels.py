"""Where the figures of a row stand in its plot."""

import pytest

from benchmarks.figures import Figure, Spread
from benchmarks.panels import by_unit, is_wide


def test_each_unit_has_a_panel_in_the_order_of_the_row() -> None:
    figures = [Figure("a", 1.0, "times"), Figure("b", 2.0, "ms"), Figure("c", 3.0, "times")]

    panels = by_unit(figures)

    assert {unit: [each.label for each in found] for unit, found in panels.items()} == {
        "times": ["a", "c"],
        "ms": ["b"],
    }
    assert list(panels) == ["times", "ms"]


@pytest.mark.parametrize(
    ("figures", "wide"),
    [
        pytest.param([Figure("a", 1.0, "ms"), Figure("b", 29.0, "ms")], False, id="near"),
        pytest.param([Figure("a", 1.0, "ms"), Figure("b", 31.0, "ms")], True, id="far"),
        pytest.param(
            [Figure("a", 2.0, "ms", Spread(1.0, 2.0, 2.0, 3.0, 40.0, 5))], True, id="by its samples"
        ),
        pytest.param([Figure("a", 0.0, "ms"), Figure("b", 31.0, "ms")], False, id="nothing"),
    ],
)
def test_figures_far_apart_need_another_scale(figures: list[Figure], wide: bool) -> None:
    assert is_wide(figures) is wide
