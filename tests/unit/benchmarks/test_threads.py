"""The row of two threads is missed only where the machine had two cores to give."""

import pytest

from benchmarks.figures import Figure, median_of
from benchmarks.rows.threads import by_what_was_given


def gained(value: float) -> Figure:
    samples = [value - 0.02, value, value + 0.02]
    return median_of("photos a second", samples, "times", at_least=1.75)


@pytest.mark.parametrize(
    ("threads", "processes", "standing"),
    [
        (1.62, 1.98, "not reached"),
        (1.62, 1.70, "undecided"),
        (1.62, 2.05, "not reached"),
        (1.90, 1.98, "reached"),
        (1.90, 1.60, "reached"),
    ],
)
def test_threads_are_judged_by_what_two_processes_get(
    threads: float, processes: float, standing: str
) -> None:
    assert by_what_was_given(gained(threads), processes).standing == standing
