"""Two threads on two cores against one: what ingest gains without processes.

A virtual machine's second core may be half of one for minutes, which nothing in it tells. So in
each round two processes do the photos at once, too: they share no interpreter. Where the limit is
missed by no more than what those two are short of twice the speed, the row is undecided.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contender import PROJECT, Contender, Sample, contender, interleaved
from benchmarks.figures import Figure, Result, median_of, ratios
from benchmarks.machine import NotPrepared
from benchmarks.pictures import twelve_megapixel_jpegs
from benchmarks.row import Row

# The quietest ones count: who else uses the second core decides what two threads can gain. So it
# goes on until so many were quiet, or no more time is left for it.
_COUNTED = 24
_QUIET = 0.05  # of a core, by other programs
_MOST_ROUNDS = 50


class _AtOnce:
    """Two processes that do the same at the same time."""

    def __init__(self, first: Contender, second: Contender) -> None:
        self._both = (first, second)

    def do(self, operation: str, photo: Path) -> Sample:
        """Done when the slower one is. Each takes the other for another program."""
        with ThreadPoolExecutor(2) as threads:
            first, second = threads.map(lambda child: child.do(operation, photo), self._both)
        others = max(0.0, first.others_s - second.cpu_s)
        wall = max(first.wall_s, second.wall_s)
        return Sample(first.cpu_s + second.cpu_s, wall, others, first.added_bytes)


def measure() -> Result:
    """The same four photos by one thread and by two, in turn, in one process: wall time.

    Only the rounds count in which other programs used the cores the least.
    Raises ``NotPrepared`` on a single core.
    """
    if len(os.sched_getaffinity(0)) < 2:
        raise NotPrepared("two threads need two cores")
    with (
        TemporaryDirectory() as folder,
        contender(PROJECT, cores=2) as project,
        contender(PROJECT, cores=2) as second,
    ):
        taken = interleaved(
            {
                "one": (project, "batch_in_one_thread"),
                "two": (project, "batch_in_two_threads"),
                "processes": (_AtOnce(project, second), "batch_in_one_thread"),
            },
            twelve_megapixel_jpegs(Path(folder)),
            rounds=_MOST_ROUNDS,
            enough=_quiet_enough,
        )
        others = _others(taken)
        quiet = _quietest_rounds(others)
        wall = {name: [each[at].wall_s * 1000 for at in quiet] for name, each in taken.items()}
        given = median_of(
            "photos a second, two processes",
            [2 * ratio for ratio in ratios(wall["one"], wall["processes"])],
            "times",
        )
        gained = median_of(
            "photos a second", ratios(wall["one"], wall["two"]), "times", at_least=1.75
        )
        return Result(
            (
                by_what_was_given(gained, given.value),
                given,
                median_of("four photos, one thread", wall["one"], "ms"),
                median_of("four photos, two threads", wall["two"], "ms"),
                median_of(
                    "used by other programs", [others[at] * 100 for at in quiet], "% of a core"
                ),
            ),
            project.versions,
            {"wall_ms": wall, "rounds": len(others), "others": others},
        )


def by_what_was_given(gained: Figure, given: float) -> Figure:
    """``gained``; if it is missed, what two processes were short of twice the speed is noise."""
    if gained.reached:
        return gained
    return replace(gained, noise=gained.give + max(0.0, 2.0 - given))


def _quiet_enough(taken: Mapping[str, Sequence[Sample]]) -> bool:
    return sum(share <= _QUIET for share in _others(taken)) >= _COUNTED


def _quietest_rounds(others: Sequence[float]) -> Sequence[int]:
    return sorted(sorted(range(len(others)), key=others.__getitem__)[:_COUNTED])


def _others(taken: Mapping[str, Sequence[Sample]]) -> list[float]:
    """The share of one core that other programs had in each round, in its worst part."""
    rounds = zip(taken["one"], taken["two"], taken["processes"], strict=True)
    return [max(each.others_s / each.wall_s for each in turns) for turns in rounds]


ROW = Row(
    name="threads",
    title="Two threads on two cores",
    reach="≥ 1.75",
    against="one thread",
    measure=measure,
)
