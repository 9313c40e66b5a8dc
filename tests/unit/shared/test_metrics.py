"""Metrics carry the names, units and attributes that dashboards and alarms look for; a collector
that is away or hangs costs nobody anything."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import metrics as api
from opentelemetry.sdk.metrics import Histogram
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader

from shared import metrics
from shared.records import Attempt, Failure, Provider, StageTime, Status
from tests.unit.shared.test_records import record

Points = dict[str, list[Any]]


@pytest.fixture(scope="module")
def reader() -> Iterator[InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    provider = metrics.meter_provider("test", [reader])
    api.set_meter_provider(provider)
    yield reader
    provider.shutdown()


def points(reader: InMemoryMetricReader) -> Points:
    """The data points of each metric, by its name."""
    data = reader.get_metrics_data()
    assert data is not None
    found = [one for r in data.resource_metrics for s in r.scope_metrics for one in s.metrics]
    return {one.name: list(one.data.data_points) for one in found}


def matching(found: Points, name: str, **attributes: object) -> list[Any]:
    wanted = {key.replace("_", "."): value for key, value in attributes.items()}
    return [point for point in found[name] if wanted.items() <= dict(point.attributes).items()]


def completed(*outcomes: Any) -> Any:
    attempts = tuple(
        Attempt(provider=f"p{n}", model="m", outcome=outcome, duration_ms=100)
        for n, outcome in enumerate(outcomes)
    )
    provider = Provider(name="p", model="m", degraded=len(attempts) > 1, attempts=attempts)
    stages = (
        StageTime(stage="queued", started_at="2026-11-22T12:00:00.000Z", duration_ms=500),
        StageTime(stage="caption", started_at="2026-11-22T12:00:00.500Z", duration_ms=1500),
    )
    return record(status=Status.COMPLETED, provider=provider, timeline=stages)


def test_a_photo_with_captions_is_counted_with_its_times(reader: InMemoryMetricReader) -> None:
    metrics.moved(completed("ok"))

    found = points(reader)
    assert matching(found, "caption.images", caption_status="completed")[0].value == 1
    assert matching(found, "caption.stage.duration", caption_stage="caption")[0].sum == 1.5
    assert found["caption.time_to_captions"][0].sum == 2.0
    assert "caption.fallbacks" not in found


def test_a_photo_that_not_the_first_provider_captioned_is_a_fallback(
    reader: InMemoryMetricReader,
) -> None:
    metrics.moved(completed("timeout", "ok"))

    found = points(reader)
    assert found["caption.fallbacks"][0].value == 1
    assert matching(found, "caption.time_to_captions", caption_degraded=True)[0].count == 1


def test_a_failed_photo_is_counted_by_its_code(reader: InMemoryMetricReader) -> None:
    error = Failure(code="undecodable_image", detail="", retryable=False, stage="ingest")

    metrics.moved(record(status=Status.FAILED, error=error))

    [point] = matching(points(reader), "caption.images", error_type="undecodable_image")
    assert point.value == 1


def test_a_try_counts_its_time_tokens_and_cost(reader: InMemoryMetricReader) -> None:
    metrics.tried(
        Attempt(
            provider="bedrock",
            model="haiku",
            outcome="ok",
            duration_ms=1240,
            input_tokens=1630,
            output_tokens=82,
            cost_usd=0.5,
        )
    )

    found = points(reader)
    [call] = matching(found, "gen_ai.client.operation.duration", caption_outcome="ok")
    assert call.sum == 1.24
    assert {
        point.attributes["gen_ai.token.type"]: point.sum
        for point in found["gen_ai.client.token.usage"]
    } == {
        "input": 1630,
        "output": 82,
    }
    assert found["caption.cost"][0].value == 0.5


def test_only_the_first_receipt_tells_how_long_a_message_waited(
    reader: InMemoryMetricReader,
) -> None:
    sent = str(int((time.time() - 3) * 1000))

    metrics.received("waits", sent_ms=sent, receive_count=1)
    metrics.received("waits", sent_ms=sent, receive_count=2)

    [point] = matching(points(reader), "caption.queue.delay", messaging_destination_name="waits")
    assert point.count == 1
    assert 3 <= point.sum < 60


def as_awsemf_sends_it(point: Any) -> dict[float, int]:
    """A point of an exponential histogram as values with counts: a bucket's middle for each of its
    own, as exporter/awsemfexporter/datapoint.go does it.
    """
    base = 2 ** (2**-point.scale)
    middles = {
        (base**index + base ** (index + 1)) / 2: count
        for index, count in enumerate(point.positive.bucket_counts, point.positive.offset)
        if count
    }
    return middles | ({0.0: point.zero_count} if point.zero_count else {})


def percentile(values: dict[float, int], percent: float) -> float:
    rank = sum(values.values()) * percent / 100
    for value in sorted(values):
        rank -= values[value]
        if rank <= 0:
            return value
    raise AssertionError("no values")


def test_a_percentile_of_times_can_be_told_from_what_is_exported() -> None:
    reader = InMemoryMetricReader({Histogram: AggregationTemporality.DELTA})
    provider = metrics.meter_provider("test", [reader])
    times = provider.get_meter("test").create_histogram("times", unit="s")
    # From a millisecond to ten minutes, each 1.5 % longer than the one before.
    seconds = [0.001 * 1.015**number for number in range(894)]

    for second in (0.0, *seconds):
        times.record(second)
    [point] = points(reader)["times"]
    provider.shutdown()

    sent = as_awsemf_sends_it(point)
    assert sum(sent.values()) == 895
    assert len(sent) <= 100  # what one EMF entry takes
    assert percentile(sent, 95) == pytest.approx(seconds[int(894 * 0.95)], rel=0.12)
    assert percentile(sent, 50) == pytest.approx(seconds[447], rel=0.12)


WORKS = """
import asyncio, os, sys, time
from pydantic_settings import BaseSettings
from shared import metrics
from shared.process import run
from shared.telemetry import tracer

class Settings(BaseSettings):
    pass

async def serve(settings, stop):
    began = time.perf_counter()
    for _ in range(200):
        with tracer.start_as_current_span("work"):
            metrics.handled("q", "settled", 0.1)
    await asyncio.sleep(1.5)
    print("worked", flush=True)

run("probe", Settings, serve)
print("ended", flush=True)
"""


@pytest.mark.parametrize("collector", ["away", "silent"])
def test_a_collector_that_is_away_or_silent_stops_nothing(collector: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if collector == "away":
            listener.close()
        environment = {
            "PATH": "/usr/bin:/bin",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            "OTEL_METRIC_EXPORT_INTERVAL": "300",
            "OTEL_BSP_SCHEDULE_DELAY": "300",
        }
        # Long enough for every patience that the process should have, short of a hang.
        ended = subprocess.run(
            [sys.executable, "-c", WORKS],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=40,
        )

    assert ended.returncode == 0, ended.stderr
    assert "worked" in ended.stdout
    assert "ended" in ended.stdout
