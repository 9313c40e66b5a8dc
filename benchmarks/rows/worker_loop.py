"""Worker loops emptying a queue of the same SQS stub, with a handler that does nothing.

Each is one process on one core. A message counts once it was handled and deleted.
"""

import statistics
from collections.abc import Mapping, Sequence

from benchmarks.figures import Figure, Result, median_of, percentile, ratios
from benchmarks.loops import Emptied, Loop, running_loops
from benchmarks.row import Row

_PROJECT = "project"
_PEERS = {
    "taskiq": "benchmarks.contenders.loop_taskiq",
    "dramatiq": "benchmarks.contenders.loop_dramatiq",
    "celery": "benchmarks.contenders.loop_celery",
}
_LOOPS = {_PROJECT: "benchmarks.contenders.loop_project", **_PEERS}
_ROUNDS = 4
_COUNT = 800  # messages a round and loop
_PACED_ROUNDS = 3
_PACED_COUNT = 120
_A_SECOND = 40


def measure() -> Result:
    """Everything at once, in turn; then latencies at a pace that all of them keep easily."""
    with running_loops(_LOOPS, count=_COUNT) as loops:
        _in_turn(loops, rounds=1, count=_COUNT // 4)
        emptied = _in_turn(loops, rounds=_ROUNDS, count=_COUNT)
        paced = _in_turn(loops, rounds=_PACED_ROUNDS, count=_PACED_COUNT, a_second=_A_SECOND)
        versions = {k: v for loop in loops.values() for k, v in loop.versions.items()}
    return result(emptied, paced, versions)


def _in_turn(
    loops: Mapping[str, Loop], *, rounds: int, count: int, a_second: float | None = None
) -> dict[str, list[Emptied]]:
    emptied: dict[str, list[Emptied]] = {name: [] for name in loops}
    for number in range(rounds):
        order = list(loops) if number % 2 else list(loops)[::-1]
        for name in order:
            emptied[name].append(loops[name].empty(count, a_second=a_second))
    return emptied


def result(
    emptied: Mapping[str, Sequence[Emptied]],
    paced: Mapping[str, Sequence[Emptied]],
    versions: Mapping[str, str],
) -> Result:
    """The figures: judged against whichever peer is best, told against the others."""
    rates = {name: [each.count / each.seconds for each in of] for name, of in emptied.items()}
    cpu = {name: [each.cpu_s / each.count * 1000 for each in of] for name, of in emptied.items()}
    tails, medians = (
        {
            name: [percentile(each.latencies, percent) * 1000 for each in of]
            for name, of in paced.items()
        }
        for percent in (99, 50)
    )
    peers = [name for name in emptied if name != _PROJECT]
    fastest = max(peers, key=lambda name: statistics.median(rates[name]))
    steadiest = min(peers, key=lambda name: statistics.median(tails[name]))
    return Result(
        (
            *_faster(rates, [fastest], at_least=4.0),
            median_of(
                f"p99 at {_A_SECOND} a second, to {steadiest}",
                ratios(tails[_PROJECT], tails[steadiest]),
                "times",
                at_most=1.0,
                peer=steadiest,
            ),
            *_faster(rates, [name for name in peers if name != fastest]),
            *(median_of(f"messages, {name}", rates[name], "a second") for name in rates),
            *(median_of(f"CPU, {name}", cpu[name], "ms a message") for name in cpu),
            *(median_of(f"p50, {name}", medians[name], "ms") for name in medians),
            *(median_of(f"p99, {name}", tails[name], "ms") for name in tails),
        ),
        versions,
        {
            "a_second": rates,
            "cpu_ms": cpu,
            "paced_ms": {
                name: [[took * 1000 for took in each.latencies] for each in of]
                for name, of in paced.items()
            },
        },
    )


def _faster(
    rates: Mapping[str, Sequence[float]], peers: Sequence[str], *, at_least: float | None = None
) -> list[Figure]:
    return [
        median_of(
            f"messages a second, to {peer}",
            ratios(rates[_PROJECT], rates[peer]),
            "times",
            at_least=at_least,
        )
        for peer in peers
    ]


ROW = Row(
    name="worker_loop",
    title="A worker loop with a handler that does nothing",
    reach="≥ 4.0 times the messages a second, p99 no worse",
    against="the best of taskiq-aio-sqs, dramatiq-sqs and celery with threads",
    measure=measure,
)
