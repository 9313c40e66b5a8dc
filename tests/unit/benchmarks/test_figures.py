"""What counts as reached, and how samples become figures."""

import pytest

from benchmarks.figures import Figure, median_of, percentile, ratios, spread


def test_figure_above_its_limit_is_not_reached() -> None:
    assert not Figure("CPU", 0.81, "times", at_most=0.80).reached


def test_figure_below_its_floor_is_not_reached() -> None:
    assert not Figure("photos a second", 1.74, "times", at_least=1.75).reached


def test_figure_at_its_limit_is_reached() -> None:
    assert Figure("CPU", 0.80, "times", at_most=0.80).reached


def test_figure_without_a_limit_is_not_judged() -> None:
    assert not Figure("CPU, project", 40.0, "ms").judged


def test_median_has_the_spread_of_its_samples() -> None:
    figure = median_of("CPU", [3.0, 1.0, 2.0, 5.0, 4.0], "ms")

    assert figure.value == 3.0
    assert figure.spread == spread([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (figure.spread.least, figure.spread.most, figure.spread.count) == (1.0, 5.0, 5)


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 10.0), (95, 19.0), (99, 20.0), (100, 20.0), (1, 1.0)]
)
def test_percentile_is_a_sample_by_nearest_rank(percent: int, expected: float) -> None:
    assert percentile([float(each) for each in range(20, 0, -1)], percent) == expected


def test_ratio_compares_the_same_round() -> None:
    assert ratios([1.0, 8.0], [2.0, 16.0]) == [0.5, 0.5]
