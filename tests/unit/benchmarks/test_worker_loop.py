"""The worker loop is judged against whichever peer did best, and against no other."""

from benchmarks.figures import Figure
from benchmarks.loops import Emptied
from benchmarks.rows.worker_loop import result


def emptied(a_second: float, latency: float = 0.002) -> list[Emptied]:
    """Two rounds of a hundred messages."""
    return [Emptied(100, 100 / a_second, 0.05, [latency] * 100)] * 2


def judged(figures: tuple[Figure, ...]) -> dict[str, Figure]:
    return {figure.label: figure for figure in figures if figure.judged}


def test_rate_is_judged_against_the_fastest_peer_and_p99_against_the_steadiest() -> None:
    found = result(
        {"project": emptied(4000), "taskiq": emptied(900), "celery": emptied(500)},
        {
            "project": emptied(40, latency=0.003),
            "taskiq": emptied(40, latency=0.006),
            "celery": emptied(40, latency=0.002),
        },
        {},
    )

    rate, tail = judged(found.figures).values()
    assert rate.label == "messages a second, to taskiq"
    assert round(rate.value, 3) == 4.444
    assert rate.reached
    assert tail.label == "p99 at 40 a second, to celery"
    assert tail.value == 1.5
    assert not tail.reached
    assert tail.peer == "celery"


def test_every_peer_is_told() -> None:
    rounds = {"project": emptied(4000), "taskiq": emptied(900), "celery": emptied(500)}

    figures = {figure.label: figure.value for figure in result(rounds, rounds, {}).figures}

    assert figures["messages a second, to celery"] == 8
    assert figures["messages, celery"] == 500
    assert figures["CPU, taskiq"] == 0.5
    assert figures["p50, celery"] == 2
