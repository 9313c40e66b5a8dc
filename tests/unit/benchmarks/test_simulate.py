"""The simulator: against queueing theory, against itself, and against the files that it reads."""

import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.simulate import deployment, fluid, prices, world
from benchmarks.simulate.events import Pipeline
from benchmarks.simulate.fleet import START_S, Launches
from benchmarks.simulate.fluid import Flow
from benchmarks.simulate.limits import Limits, Photo, photos_a_second
from benchmarks.simulate.tracking import Policy, TargetTracking

_CPU_S = {"gateway": 0.04, "ingest": 0.2}
_PRICES = prices.Prices(vcpu_hour=0.04, gb_hour=0.004, photo=0.004, fixed_hour=0.4)


def _never() -> tuple[Policy, ...]:
    return (Policy("backlog", math.inf, 60, 300),)


def _one_queue(*, servers: int, service_s: float) -> world.World:
    """Nothing but a captioner of so many slots: the stages before it take no time."""
    quick = world.Stage("gateway", 10_000, 1e-6, 0, _never(), 1, 1, 0.5, 1)
    return world.World(
        stages=(
            quick,
            replace(quick, name="ingest"),
            replace(quick, name="captioner", slots=servers, service_s=service_s, spread=1),
        ),
        limits=replace(
            Limits(), bedrock_tokens_per_minute=1e12, rekognition_a_second=1e9, table_writes=1e9
        ),
        photo=Photo(),
        prices=_PRICES,
    )


def _deployed(**changes: object) -> world.World:
    found = replace(deployment.read(), **changes)
    return world.World(world.stages(found, _CPU_S), Limits(), Photo(), _PRICES)


def _erlang_c(servers: int, load: float) -> float:
    """The share of arrivals that wait in M/M/c, for ``load`` Erlangs."""
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / math.factorial(k) for k in range(servers)) + last)


@pytest.mark.parametrize(("servers", "use"), [(1, 0.6), (4, 0.8), (12, 0.9)])
def test_mean_wait_is_that_of_erlang_c(servers: int, use: float) -> None:
    service_s = 2.0
    rate = use * servers / service_s
    pipeline = Pipeline(
        _one_queue(servers=servers, service_s=service_s),
        world.Arrivals(((15_000 / rate, rate),)),
        seed=7,
    )

    pipeline.run()

    expected = _erlang_c(servers, rate * service_s) * service_s / servers / (1 - use)
    waits = pipeline.waits
    assert sum(waits) / len(waits) == pytest.approx(expected, rel=0.1)


def test_photos_inside_are_rate_times_stay_as_littles_law_says() -> None:
    rate, service_s, servers = 1.6, 2.0, 4
    given = _one_queue(servers=servers, service_s=service_s)
    pipeline = Pipeline(given, world.Arrivals(((8_000.0, rate),)), seed=3)

    report = pipeline.run()

    waits = pipeline.waits
    waiting = sum(report.minutes.waiting["captioner"]) / len(report.minutes.waiting["captioner"])
    assert waiting == pytest.approx(rate * sum(waits) / len(waits), rel=0.15)


@pytest.mark.parametrize("rate", [0.5, 6, 40])
def test_every_photo_that_came_is_done_or_inside(rate: float) -> None:
    arrivals = world.Arrivals(((100.0, rate), (300.0, 3 * rate)))
    pipeline, flow = Pipeline(_deployed(), arrivals), Flow(_deployed(), arrivals)

    events, flowing = pipeline.run(), flow.run()

    assert events.arrived == events.done + pipeline.held()
    assert flowing.arrived == pytest.approx(flowing.done + flow.held())
    assert flowing.arrived == pytest.approx(100 * rate + 200 * 3 * rate)


@pytest.mark.parametrize("rate", [8, 40])
def test_fluid_agrees_with_the_events(rate: float) -> None:
    arrivals = world.Arrivals(((1200.0, rate),))

    events, flowing = Pipeline(_deployed(), arrivals).run(), Flow(_deployed(), arrivals).run()

    assert flowing.done_a_second == pytest.approx(events.done_a_second, rel=0.05)
    assert flowing.wait_p95 == pytest.approx(events.wait_p95, rel=0.15, abs=1.0)
    assert flowing.waiting_most == pytest.approx(events.waiting_most, rel=0.15, abs=20)
    assert flowing.tasks_most == events.tasks_most


def test_whole_steps_take_the_service_time_on_average() -> None:
    parts = fluid.on_grid(10, 1.6)

    assert sum(amount for amount, _ in parts) == pytest.approx(10)
    assert sum(amount * steps for amount, steps in parts) * fluid.STEP_S == pytest.approx(16)


def test_over_the_token_limit_photos_get_the_local_model_and_none_is_lost() -> None:
    few = replace(_deployed(), limits=replace(Limits(), bedrock_tokens_per_minute=3250 * 60))

    report = Flow(few, world.Arrivals(((3600.0, 4),))).run()

    assert report.degraded == pytest.approx(0.75, abs=0.02)
    assert report.inside < 60


def test_scale_out_takes_three_minutes_above_the_target_and_is_proportional() -> None:
    tracking = TargetTracking([Policy("backlog", 24, 60, 300)], least=2, most=10)

    wanted = [tracking.minute(60 * minute, {"backlog": 60}) for minute in range(3)]

    assert wanted == [2, 2, 5]


def test_scale_out_within_its_pause_counts_what_was_just_added() -> None:
    tracking = TargetTracking([Policy("backlog", 24, 120, 300)], least=2, most=10)

    wanted = [tracking.minute(60 * minute, {"backlog": 60}) for minute in range(5)]

    assert wanted == [2, 2, 5, 5, 10]


def test_scale_in_takes_fifteen_minutes_below_nine_tenths_of_the_target() -> None:
    tracking = TargetTracking([Policy("busy", 0.6, 60, 300)], least=1, most=10)
    for minute in range(3):
        tracking.minute(60 * minute, {"busy": 6})

    wanted = [tracking.minute(60 * minute, {"busy": 0.3}) for minute in range(3, 18)]

    assert wanted == [10] * 14 + [5]


def test_scale_in_needs_every_policy() -> None:
    policies = [Policy("backlog", 24, 60, 300), Policy("busy", 0.6, 60, 300)]
    tracking = TargetTracking(policies, least=1, most=20)
    for minute in range(3):
        tracking.minute(60 * minute, {"backlog": 0, "busy": 12})

    wanted = [tracking.minute(60 * m, {"backlog": 0, "busy": 0.55}) for m in range(3, 40)]

    assert set(wanted) == {20}


def test_deployed_policy_comes_to_rest_where_backlog_alone_swings() -> None:
    steady = world.Arrivals(((2 * 3600.0, 12),))

    resting = Flow(_deployed(), steady).run()
    swinging = Flow(_deployed(busy=None), steady).run()

    assert resting.swing["captioner"] <= 1
    assert swinging.swing["captioner"] == 8


def test_tasks_start_in_a_burst_and_then_twenty_a_second() -> None:
    launches = Launches(Limits())

    moments = [launches.next(0.0) for _ in range(140)]

    assert moments[99] == 0
    assert moments[139] == pytest.approx(2.0)


def test_a_task_that_was_decided_on_works_after_its_start() -> None:
    fleet = _deployed().fleets()["captioner"]
    for minute in (60, 120, 180):
        fleet.minute(minute, {"backlog": 1e6, "busy": 1})

    assert not fleet.advance(180 + START_S - 1)
    assert fleet.advance(180 + START_S + 1)
    assert fleet.running == 10


def test_constants_are_those_of_the_terraform_files() -> None:
    found = deployment.read("prod")

    assert (found.min, found.max) == (2, 10)
    assert (found.backlog.out, found.backlog.in_) == (60, 300)
    assert found.workers["ingest"].cores == 0.5
    assert found.workers["ingest"].memory_gb == 2
    assert found.workers["captioner"].memory_gb == 1
    assert found.cpu_level == 60
    assert deployment.read("dev").max == 3


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("scaling.tf", "photo_s = ", "photo_seconds = "),
        ("scaling.tf", "floor(worker.wait_s", "ceil(worker.wait_s"),
        ("modules/service/scaling.tf", "scale_in_cooldown", "scale_in_pause"),
        ("environments/prod.tfvars", "tasks = {", "task_numbers = {"),
    ],
)
def test_constant_that_is_not_where_it_was_is_an_error(
    tmp_path: Path, file: str, old: str, new: str
) -> None:
    copy = tmp_path / "terraform"
    shutil.copytree(deployment.TERRAFORM, copy, ignore=shutil.ignore_patterns(".terraform"))
    broken = (copy / file).read_text().replace(old, new)
    (copy / file).write_text(broken)

    with pytest.raises(ValueError, match="Terraform does not say"):
        deployment.read(folder=copy)


def test_prices_are_those_of_the_costs_page() -> None:
    found = prices.read()

    assert found.vcpu_hour == 0.04048
    assert found.gb_hour == 0.004445
    assert found.photo == pytest.approx(0.004554)
    assert found.fixed_hour == pytest.approx((509.11 - 186.69) / 730)


def test_tokens_are_what_binds_bedrock_and_output_counts_fivefold() -> None:
    rates = photos_a_second(Limits(), Photo(), caption_s=5)

    assert rates["Bedrock, tokens a minute"] == pytest.approx(5e6 / 60 / (2000 + 5 * 250))
