"""The worker loop is judged against whichever peer did best, and against no other."""

from benchmarks.figures import Figure
from benchmarks.loops import Emptied
from benchmarks.rows.worker_loop import result


def beside(
    mine: float, theirs: float, *, latencies: tuple[float, float] = (0.002, 0.002)
) -> list[tuple[Emptied, Emptied]]:
    """Two rounds of a hundred messages, at so many a second: ours beside a peer's."""
    ours, peers = (
        Emptied(100, 100 / a_second, 0.05, [latency] * 100)
        for a_second, latency in zip((mine, theirs), latencies, strict=True)
    )
    return [(ours, peers)] * 2


def judged(figures: tuple[Figure, ...]) -> dict[str, Figure]:
    return {figure.label: figure for figure in figures if figure.judged}


def test_rate_is_judged_against_the_fastest_peer_and_p99_against_the_steadiest() -> None:
    found = result(
        {"taskiq": beside(4000, 900), "celery": beside(4000, 500)},
        {
            "taskiq": beside(40, 40, latencies=(0.003, 0.006)),
            "celery": beside(40, 40, latencies=(0.003, 0.002)),
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


def test_each_peer_is_compared_with_ours_right_beside_it() -> None:
    slow, fast = beside(1000, 500), beside(4000, 2000)

    found = result({"taskiq": [slow[0], fast[0]]}, {"taskiq": slow}, {})

    assert found.figures[0].spread is not None
    assert (found.figures[0].spread.least, found.figures[0].spread.most) == (2, 2)


def test_peer_that_was_fastest_at_first_stays_the_one_to_beat() -> None:
    first, later = beside(4000, 900) * 3, beside(4000, 400) * 10

    found = result(
        {"taskiq": [*first, *later], "celery": beside(4000, 800) * 3},
        {"taskiq": beside(40, 40)},
        {},
    )

    assert found.figures[0].label == "messages a second, to taskiq"


def test_p99_is_that_of_all_rounds_together() -> None:
    paced = beside(40, 40)
    one_slow = Emptied(100, 2.5, 0.05, [*[0.002] * 99, 0.1])

    found = result({"taskiq": paced}, {"taskiq": [(one_slow, paced[0][1]), paced[1]]}, {})

    assert {figure.label: figure.value for figure in found.figures}["p99, project"] == 2


def test_every_peer_is_told() -> None:
    rounds = {"taskiq": beside(4000, 900), "celery": beside(4000, 500)}

    figures = {figure.label: figure.value for figure in result(rounds, rounds, {}).figures}

    assert figures["messages a second, to celery"] == 8
    assert figures["messages, celery"] == 500
    assert figures["CPU, taskiq"] == 0.5
    assert figures["p50, celery"] == 2
