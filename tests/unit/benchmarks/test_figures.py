"""What counts as reached, and how samples become figures."""

from collections.abc import Sequence

import pytest

from benchmarks.figures import Figure, Spread, median_of, noise_of, percentile, ratios, spread


def test_figure_above_its_limit_is_not_reached() -> None:
    assert not Figure("CPU", 0.81, "times", at_most=0.80).reached


def test_figure_below_its_floor_is_not_reached() -> None:
    assert not Figure("photos a second", 1.74, "times", at_least=1.75).reached


def test_figure_at_its_limit_is_reached() -> None:
    assert Figure("CPU", 0.80, "times", at_most=0.80).reached


def test_figure_without_a_limit_is_not_judged() -> None:
    assert not Figure("CPU, project", 40.0, "ms").judged


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.84, "reached"), (0.86, "undecided"), (0.94, "undecided"), (0.96, "not reached")],
)
def test_limit_nearer_than_the_notch_of_its_samples_leaves_a_figure_undecided(
    value: float, expected: str
) -> None:
    samples = Spread(0.5, value - 0.08, value, value + 0.08, 1.2, 25)

    figure = Figure("CPU", value, "times", samples, at_most=0.90)

    assert round(figure.give, 3) == 0.05
    assert figure.standing == expected


def test_one_value_stands_as_it_is() -> None:
    kept, missed = (Figure("a", value, "times", at_most=1.0) for value in (0.99, 1.01))

    assert (kept.standing, missed.standing) == ("reached", "not reached")
    assert Figure("a", 1.1, "times").standing == "told"


def test_noise_that_is_known_goes_before_that_of_the_samples() -> None:
    figure = Figure("p99", 0.9, "times", Spread(0, 0.9, 0.9, 0.9, 2, 9), at_most=1.0, noise=0.2)

    assert figure.standing == "undecided"


def test_noise_is_that_of_rounds_drawn_again() -> None:
    def middle(rounds: Sequence[float]) -> float:
        return sum(rounds) / len(rounds)

    assert noise_of(middle, [2.0] * 10) == 0
    # Of a mean, twice the deviation over the root of the count: 2 * 0.5 / sqrt(100).
    assert 0.07 < noise_of(middle, [0.0, 1.0] * 50) < 0.13


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
