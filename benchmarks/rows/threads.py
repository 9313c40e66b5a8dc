"""Two threads on two cores against one: what ingest gains without processes."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contender import PROJECT, Sample, contender, interleaved
from benchmarks.figures import Result, median_of, ratios
from benchmarks.machine import NotPrepared
from benchmarks.pictures import twelve_megapixel_jpegs
from benchmarks.row import Row

# The quietest ones count: who else uses the second core decides what two threads can gain. So it
# goes on until so many were quiet, or no more time is left for it.
_COUNTED = 10
_QUIET = 0.05  # of a core, by other programs
_MOST_ROUNDS = 50


def measure() -> Result:
    """The same four photos by one thread and by two, in turn, in one process: wall time.

    Only the rounds count in which other programs used the cores the least.
    Raises ``NotPrepared`` on a single core.
    """
    if len(os.sched_getaffinity(0)) < 2:
        raise NotPrepared("two threads need two cores")
    with TemporaryDirectory() as folder, contender(PROJECT, cores=2) as project:
        taken = interleaved(
            {"one": (project, "batch_in_one_thread"), "two": (project, "batch_in_two_threads")},
            twelve_megapixel_jpegs(Path(folder)),
            rounds=_MOST_ROUNDS,
            enough=_quiet_enough,
        )
        others = _others(taken)
        quiet = _quietest_rounds(others)
        wall = {name: [each[at].wall_s * 1000 for at in quiet] for name, each in taken.items()}
        return Result(
            (
                median_of(
                    "photos a second", ratios(wall["one"], wall["two"]), "times", at_least=1.75
                ),
                median_of("four photos, one thread", wall["one"], "ms"),
                median_of("four photos, two threads", wall["two"], "ms"),
                median_of(
                    "used by other programs", [others[at] * 100 for at in quiet], "% of a core"
                ),
            ),
            project.versions,
            {"wall_ms": wall, "rounds": len(others), "others": others},
        )


def _quiet_enough(taken: Mapping[str, Sequence[Sample]]) -> bool:
    return sum(share <= _QUIET for share in _others(taken)) >= _COUNTED


def _quietest_rounds(others: Sequence[float]) -> Sequence[int]:
    return sorted(sorted(range(len(others)), key=others.__getitem__)[:_COUNTED])


def _others(taken: Mapping[str, Sequence[Sample]]) -> list[float]:
    """The share of one core that other programs had in each round, in its worse half."""
    rounds = zip(*taken.values(), strict=True)
    return [max(each.others_s / each.wall_s for each in both) for both in rounds]


ROW = Row(
    name="threads",
    title="Two threads on two cores",
    reach="≥ 1.75",
    against="one thread",
    measure=measure,
)
