"""Worker loops emptying a queue of the same SQS stub, with a handler that does nothing.

Each is one process on one core. A message counts once it was handled and deleted.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from benchmarks.figures import Figure, Result, median_of, noise_of, percentile
from benchmarks.loops import Emptied, Loop, running_loops
from benchmarks.row import Row

_PROJECT = "project"
_PEERS = {
    "taskiq": "benchmarks.contenders.loop_taskiq",
    "dramatiq": "benchmarks.contenders.loop_dramatiq",
    "celery": "benchmarks.contenders.loop_celery",
}
_LOOPS = {_PROJECT: "benchmarks.contenders.loop_project", **_PEERS}
_ROUNDS = 6
# Then beside the fastest peer alone. A round's ratio varies by a fifth, so the median of all by a
# fortieth: what is judged is as near to its limit as that.
_MORE_ROUNDS = 90
_COUNT = 400  # messages a round and loop
_WARM_UP = 200
# The slowest hundredth is mostly the machine's: short rounds share its pauses out among the loops.
_PACED_ROUNDS = 6
_PACED_COUNT = 60
_A_SECOND = 40

# Of each peer, round by round: how we did right beside it, and how it did.
Pairs = Mapping[str, Sequence[tuple[Emptied, Emptied]]]


def measure() -> Result:
    """Everything at once, in turn; then latencies at a pace that all of them keep easily."""
    with running_loops(_LOOPS, count=_COUNT) as loops:
        _in_turn(loops, rounds=1, count=_WARM_UP)
        emptied = _in_turn(loops, rounds=_ROUNDS, count=_COUNT)
        fastest = _fastest(emptied)
        few = {name: loops[name] for name in (_PROJECT, fastest)}
        emptied[fastest] += _in_turn(few, rounds=_MORE_ROUNDS, count=_COUNT)[fastest]
        paced = _in_turn(loops, rounds=_PACED_ROUNDS, count=_PACED_COUNT, a_second=_A_SECOND)
        versions = {k: v for loop in loops.values() for k, v in loop.versions.items()}
    return result(emptied, paced, versions)


def _in_turn(
    loops: Mapping[str, Loop], *, rounds: int, count: int, a_second: float | None = None
) -> dict[str, list[tuple[Emptied, Emptied]]]:
    """Ours before or after each peer, in turn: the machine's pace lasts for a second or two."""
    pairs: dict[str, list[tuple[Emptied, Emptied]]] = {
        name: [] for name in loops if name != _PROJECT
    }
    for number in range(rounds):
        for peer, of in pairs.items():
            order = (_PROJECT, peer) if number % 2 else (peer, _PROJECT)
            both = {name: loops[name].empty(count, a_second=a_second) for name in order}
            of.append((both[_PROJECT], both[peer]))
    return pairs


def result(emptied: Pairs, paced: Pairs, versions: Mapping[str, str]) -> Result:
    """The figures: judged against whichever peer is best, told against the others."""
    rates = _rates(emptied)
    cpu = {
        name: [each.cpu_s / each.count * 1000 for each in of]
        for name, of in _by_loop(emptied).items()
    }
    latencies = {
        name: [[took * 1000 for took in each.latencies] for each in of]
        for name, of in _by_loop(paced).items()
    }
    medians = {name: [percentile(each, 50) for each in of] for name, of in latencies.items()}
    tails = {name: _tail(of) for name, of in latencies.items()}
    fastest = _fastest(emptied)
    steadiest = min(paced, key=lambda name: tails[name])
    return Result(
        (
            _faster(emptied, fastest, at_least=4.0),
            Figure(
                f"p99 at {_A_SECOND} a second, to {steadiest}",
                tails[_PROJECT] / tails[steadiest],
                "times",
                at_most=1.0,
                peer=steadiest,
                noise=noise_of(
                    lambda rounds: (
                        _tail(mine for mine, _ in rounds) / _tail(its for _, its in rounds)
                    ),
                    [(mine.latencies, its.latencies) for mine, its in paced[steadiest]],
                ),
            ),
            *(_faster(emptied, name) for name in emptied if name != fastest),
            *(median_of(f"messages, {name}", rates[name], "a second") for name in rates),
            *(median_of(f"CPU, {name}", cpu[name], "ms a message") for name in cpu),
            *(median_of(f"p50, {name}", medians[name], "ms") for name in medians),
            *(Figure(f"p99, {name}", tail, "ms") for name, tail in tails.items()),
        ),
        versions,
        {"a_second": rates, "cpu_ms": cpu, "paced_ms": latencies},
    )


def _tail(rounds: Iterable[Sequence[float]]) -> float:
    """The p99 of all rounds together: one round's is its slowest message."""
    return percentile(list(chain(*rounds)), 99)


def _fastest(pairs: Pairs) -> str:
    """By the rounds that all peers had, so that it stays the one that has more of them."""
    rates = _rates({name: of[:_ROUNDS] for name, of in pairs.items()})
    return max(pairs, key=lambda name: statistics.median(rates[name]))


def _rates(pairs: Pairs) -> dict[str, list[float]]:
    return {
        name: [each.count / each.seconds for each in of] for name, of in _by_loop(pairs).items()
    }


def _by_loop(pairs: Pairs) -> dict[str, list[Emptied]]:
    ours = [mine for of in pairs.values() for mine, _ in of]
    return {_PROJECT: ours, **{name: [theirs for _, theirs in of] for name, of in pairs.items()}}


def _faster(pairs: Pairs, peer: str, **limits: float) -> Figure:
    return median_of(
        f"messages a second, to {peer}",
        [theirs.seconds / mine.seconds for mine, theirs in pairs[peer]],
        "times",
        **limits,
    )


ROW = Row(
    name="worker_loop",
    title="A worker loop with a handler that does nothing",
    reach="≥ 4.0 times the messages a second, p99 no worse",
    against="the best of taskiq-aio-sqs, dramatiq-sqs and celery with threads",
    measure=measure,
)
