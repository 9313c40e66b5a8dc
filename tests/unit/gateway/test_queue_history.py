"""Points of the queues' past: thinned without losing a peak, and sampled whatever fails."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from services.gateway.queue_history import Sampler, thinned
from shared.admin_api import QueueName, QueuePointView
from tests.deadlines import until


def point(
    at: str, visible: int, *, queue: QueueName = "ingest", age: int | None = None, dead: int = 0
) -> QueuePointView:
    return QueuePointView(
        at=f"2026-11-22T{at}:00.000Z",
        queue=queue,
        visible=visible,
        in_flight=0,
        oldest_age_s=age,
        dead_letters=dead,
    )


def test_every_minute_is_kept_where_there_are_few() -> None:
    points = [point("12:00", 1), point("12:01", 2), point("12:02", 3)]

    assert thinned(points, minutes=1) == points


def test_a_peak_survives_the_thinning() -> None:
    points = [point("12:00", 1), point("12:03", 90, age=7), point("12:09", 2, dead=1)]

    assert thinned(points, minutes=10) == [point("12:00", 90, age=7, dead=1)]


def test_points_are_oldest_first_and_each_queue_has_its_own() -> None:
    later, earlier = point("12:10", 2), point("12:01", 1)
    other = point("12:02", 5, queue="caption")

    found = thinned([later, other, earlier], minutes=10)

    assert found == [point("12:00", 1), point("12:00", 5, queue="caption"), later]


def test_the_bounds_of_points_do_not_move_with_the_time_of_asking() -> None:
    points = [point(f"12:{minute:02d}", minute) for minute in range(20)]

    assert [each.at for each in thinned(points[3:], minutes=10)] == [
        each.at for each in thinned(points, minutes=10)
    ]


class Broken:
    """Queues that always fail, in a way that nobody foresaw."""

    def __init__(self) -> None:
        self.asked = 0

    async def views(self) -> None:
        self.asked += 1
        raise ZeroDivisionError


async def test_a_sample_that_fails_ends_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr("services.gateway.queue_history.SPREAD_S", 0.0)
    queues, stop = Broken(), asyncio.Event()
    # Always at the end of a minute: the next one begins at once.
    sampler = Sampler(cast("Any", SimpleNamespace()), cast("Any", queues), clock=lambda: 60 - 0.001)

    running = asyncio.create_task(sampler.run(stop))
    await until(lambda: queues.asked > 3)
    stop.set()
    await running

    assert running.exception() is None
