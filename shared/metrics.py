"""Metrics: their names, units and attributes, each in one place.

Names are those of OpenTelemetry's semantic conventions where these have one, ours share the prefix
``caption.``. The dashboard and the alarms name them too, and a test compares the two. Attributes
have few values, because each combination is a series that somebody pays for.
"""

import time

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)
from opentelemetry.sdk.resources import SERVICE_NAME, Resource

from shared.records import Attempt, ImageRecord, Status
from shared.telemetry import MODEL, OUTCOME, PROVIDER

# Attributes that only metrics have.
QUEUE = "messaging.destination.name"
STAGE = "caption.stage"
STATUS = "caption.status"
WAITED = "caption.waited"
DEGRADED = "caption.degraded"
ERROR = "error.type"
TOKENS = "gen_ai.token.type"

# Times go into buckets whose bounds grow by one factor, fitted to what is measured. The collector's
# awsemf makes values and counts of these, which CloudWatch has percentiles of; of fixed buckets it
# passes on least, greatest, sum and count. An EMF entry takes a hundred values at most, and eighty
# buckets from 1 ms to 10 minutes are each 19 % wide:
# https://github.com/open-telemetry/opentelemetry-collector-contrib/pull/22626 and /36336
_BUCKETS_MAX = 80
# Of tokens the exact sum is wanted. A photo is 1,600 at most, an answer some hundreds.
_TOKEN_COUNTS = (16, 64, 256, 512, 1024, 1536, 2048, 4096)

_meter = metrics.get_meter("caption")
_requests = _meter.create_histogram(
    "http.server.request.duration",
    unit="s",
    description="of answered requests; those that were asked to wait, or stream, say so",
)
_handled = _meter.create_histogram(
    "messaging.process.duration", unit="s", description="of messages in a worker's hands"
)
_queue_delay = _meter.create_histogram(
    "caption.queue.delay", unit="s", description="from a message's sending to its first receipt"
)
_stages = _meter.create_histogram(
    "caption.stage.duration", unit="s", description="of finished stages of photos"
)
_images = _meter.create_counter(
    "caption.images", unit="{image}", description="photos that reached an end"
)
_time_to_captions = _meter.create_histogram(
    "caption.time_to_captions", unit="s", description="from submission to captions"
)
_fallbacks = _meter.create_counter(
    "caption.fallbacks", unit="{image}", description="photos that not the first provider captioned"
)
_operations = _meter.create_histogram(
    "gen_ai.client.operation.duration", unit="s", description="of calls to a provider"
)
_tokens = _meter.create_histogram(
    "gen_ai.client.token.usage", unit="{token}", description="used by calls to a provider"
)
_cost = _meter.create_counter("caption.cost", unit="{USD}", description="charged by providers")


def start_metrics(service: str, *, export: bool) -> MeterProvider:
    """Make this process collect metrics, and export them over OTLP if asked.

    The exporter and its interval read OpenTelemetry's own environment variables. It works on a
    thread of its own: a collector that is slow or away costs the process nothing but that thread.
    """
    readers: list[MetricReader] = []
    if export:
        # Imported late: the exporter costs start-up time that a process without one need not pay.
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
            OTLPMetricExporter,
        )

        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
    provider = meter_provider(service, readers)
    metrics.set_meter_provider(provider)
    return provider


def meter_provider(service: str, readers: list[MetricReader]) -> MeterProvider:
    """A provider whose histograms of times CloudWatch can take percentiles of."""
    return MeterProvider(
        metric_readers=readers,
        resource=Resource.create({SERVICE_NAME: service}),
        shutdown_on_exit=False,
        views=[
            View(instrument_unit=unit, aggregation=aggregation)
            for unit, aggregation in (
                ("s", ExponentialBucketHistogramAggregation(max_size=_BUCKETS_MAX)),
                ("{token}", ExplicitBucketHistogramAggregation(_TOKEN_COUNTS)),
            )
        ],
    )


def answered(method: str, route: str, status: int, seconds: float, *, waited: bool) -> None:
    """Count a request. ``waited``: its length was the client's wish, or that of what was streamed;
    an alarm on slow answers leaves these out.
    """
    _requests.record(
        seconds,
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            WAITED: waited,
        },
    )


def received(queue: str, *, sent_ms: str | None, receive_count: int) -> None:
    """Take note of a message's wait, at its first receipt. ``sent_ms`` is SQS's own stamp."""
    if sent_ms is not None and receive_count == 1:
        _queue_delay.record(max(0.0, time.time() - int(sent_ms) / 1000), {QUEUE: queue})


def handled(queue: str, outcome: str, seconds: float) -> None:
    """Count a message that left a worker's hands."""
    _handled.record(seconds, {QUEUE: queue, OUTCOME: outcome})


def moved(record: ImageRecord) -> None:
    """Count a record that has just finished a stage, or reached its end."""
    if record.status is Status.FAILED:
        code = record.error.code if record.error else "unknown"
        _images.add(1, {STATUS: "failed", ERROR: code})
        return
    if record.timeline:
        last = record.timeline[-1]
        _stages.record(last.duration_ms / 1000, {STAGE: last.stage})
    if record.status is Status.COMPLETED:
        _completed(record)


def _completed(record: ImageRecord) -> None:
    provider = record.provider
    degraded = provider is not None and provider.degraded
    _images.add(1, {STATUS: "completed", DEGRADED: degraded})
    waited = sum(stage.duration_ms for stage in record.timeline)
    _time_to_captions.record(waited / 1000, {DEGRADED: degraded})
    if provider is not None and any(attempt.outcome != "ok" for attempt in provider.attempts):
        _fallbacks.add(1)


def tried(attempt: Attempt) -> None:
    """Count one try of a provider that was asked."""
    who = {PROVIDER: attempt.provider, MODEL: attempt.model}
    _operations.record(attempt.duration_ms / 1000, {**who, OUTCOME: attempt.outcome})
    for kind, count in (("input", attempt.input_tokens), ("output", attempt.output_tokens)):
        if count:
            _tokens.record(count, {**who, TOKENS: kind})
    if attempt.cost_usd:
        _cost.add(attempt.cost_usd, {PROVIDER: attempt.provider})
