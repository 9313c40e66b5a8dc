"""The arithmetic of `make load`."""

import math
from dataclasses import replace

import pytest

from benchmarks.load.flatness import OURS, cpu_of_minutes, drifts, slope, while_photos_came
from benchmarks.load.generator import Outcome, Photo, arrivals, made_different
from benchmarks.load.knee import excess, is_carried
from benchmarks.load.watching import Use

MIB = 2**20


def outcome(*done_s: float | None) -> Outcome:
    photos = [
        Photo(at=float(number), accepted_s=0.1, done_s=each) for number, each in enumerate(done_s)
    ]
    return Outcome(photos, began=0.0, cpu_s=0.0, late_s=0.0)


def test_arrivals_come_at_the_rate_asked_for_and_the_same_again() -> None:
    moments = arrivals(rate=20, seconds=500, seed=7)

    assert abs(len(moments) - 10_000) < 4 * math.sqrt(10_000)
    assert moments == sorted(moments)
    assert moments == arrivals(rate=20, seconds=500, seed=7)
    assert moments != arrivals(rate=20, seconds=500, seed=8)


def test_the_same_photo_is_another_file_each_time() -> None:
    photo = b"\xff\xd8\xff\xdb rest"

    first, second = made_different(photo, 1), made_different(photo, 2)

    assert first != second
    assert first.startswith(b"\xff\xd8\xff\xfe")
    assert first.endswith(b"\xff\xdb rest")
    # A marker's length counts itself but not the marker's two bytes: ITU-T T.81, B.1.1.4.
    assert int.from_bytes(first[4:6], "big") + 2 == len(first) - len(photo)


@pytest.mark.parametrize(
    ("times", "carried"),
    [
        pytest.param([1.0] * 9, True, id="steady"),
        pytest.param([0.3] * 6 + [0.47] * 3, True, id="a little slower"),
        pytest.param([0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1], False, id="a queue that grows"),
        pytest.param([1.0] * 8 + [None], False, id="one never done"),
        pytest.param([1.0, 1.0], False, id="too few to tell"),
    ],
)
def test_a_rate_is_carried_while_the_way_does_not_get_longer(
    times: list[float | None], carried: bool
) -> None:
    assert is_carried(outcome(*times)) is carried


def test_what_is_too_much_of_a_rate_is_told_by_how_the_wait_grows() -> None:
    # 10 % more than the server does: each photo waits a tenth of a second longer than the one
    # before, which came a second earlier.
    waits = [0.3 + 0.1 * number for number in range(30)]

    assert excess(outcome(*waits)) == pytest.approx(0.1)


def test_growth_is_told_by_the_hour_and_without_the_first_minutes() -> None:
    def use(minute: int) -> Use:
        # 100 MiB while it warms up, then 6 MiB in every hour.
        resident = 40 + 12 * min(minute, 5) + 6 * max(0, minute - 5) / 60
        return Use(60.0 * minute, {"gateway-1": round(resident * MIB)}, {}, {})

    assert slope([use(minute) for minute in range(35)], "gateway-1") == pytest.approx(6, abs=0.01)


def half_an_hour(
    *, growing: str = "", mib_an_hour: float = 0.0, files: float = 0.0, cpu: float = 0.0
) -> tuple[list[Use], list[dict[str, float]], list[dict[str, float]]]:
    """A run in which one process grows by so much in every hour, all others stay as they are."""

    def now(name: str, minute: int, rate: float) -> float:
        return rate * minute / 60 if name == growing else 0.0

    uses = [
        Use(
            60.0 * minute,
            {name: round((100 + now(name, minute, mib_an_hour)) * MIB) for name in OURS},
            {name: 20 + round(now(name, minute, files)) for name in OURS},
            dict.fromkeys(OURS, 8),
        )
        for minute in range(31)
    ]
    minutes = [{"minute": float(minute), "p50": 0.3, "p95": 0.6} for minute in range(30)]
    costs = [{name: 20 * (1 + now(name, minute, cpu)) for name in OURS} for minute in range(30)]
    return uses, minutes, costs


def test_a_run_that_stays_as_it_is_is_flat() -> None:
    found = drifts(*half_an_hour())

    assert {each.what for each in found} >= {"gateway-1: memory", "to captions, p95"}
    assert all(each.is_flat for each in found)


@pytest.mark.parametrize(
    ("grown", "what"),
    [
        pytest.param(
            half_an_hour(growing="ingest-1", mib_an_hour=12), "ingest-1: memory", id="mem"
        ),
        pytest.param(half_an_hour(growing="ui-1", files=24), "ui-1: open files", id="files"),
        pytest.param(
            half_an_hour(growing="captioner-1", cpu=0.6), "captioner-1: CPU of a photo", id="cpu"
        ),
    ],
)
def test_what_grows_is_named(
    grown: tuple[list[Use], list[dict[str, float]], list[dict[str, float]]], what: str
) -> None:
    assert [each.what for each in drifts(*grown) if not each.is_flat] == [what]


def test_what_the_generator_asks_for_afterwards_is_no_growth() -> None:
    uses, minutes, costs = half_an_hour()
    last = uses[-1]
    listing = replace(
        last, at=last.at + 10, resident_bytes=dict.fromkeys(last.resident_bytes, 10**9)
    )

    found = drifts(while_photos_came([*uses, listing], last.at), minutes, costs)

    assert all(each.is_flat for each in found)
    assert not all(each.is_flat for each in drifts([*uses, listing], minutes, costs))


def test_nothing_is_judged_of_a_run_too_short_to_tell() -> None:
    uses, minutes, costs = half_an_hour()

    assert drifts(uses[:6], minutes[:6], costs[:6]) == []


def test_a_photo_costs_what_was_used_in_the_minute_of_its_captions() -> None:
    # Samples a little late; two photos in the first minute, four in the second.
    uses = [Use(60.0 * n + 1, {}, {}, {}, {"gateway-1": used}) for n, used in enumerate((1, 2, 4))]

    costs = cpu_of_minutes(uses, [10.0, 20.0, 70.0, 80.0, 90.0, 100.0])

    assert costs == [{"gateway-1": 500.0}, {"gateway-1": 500.0}]
