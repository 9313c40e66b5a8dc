"""Logs are JSON with the trace they belong to; a trace crosses a queue unbroken."""

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from shared.telemetry import JsonFormatter, context_attributes, context_of, xray_header

tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")


def line(message: str = "stored", **extra: object) -> dict[str, object]:
    record = logging.LogRecord("shared.x", logging.INFO, "x.py", 1, message, (), None)
    vars(record).update(extra)
    parsed: dict[str, object] = json.loads(JsonFormatter("ingest").format(record))
    return parsed


def test_a_line_names_event_level_service_and_extras() -> None:
    found = line(code="undecodable_image")

    assert found["event"] == "stored"
    assert found["level"] == "info"
    assert found["service"] == "ingest"
    assert found["code"] == "undecodable_image"
    assert str(found["time"]).endswith("Z")


@pytest.mark.parametrize(
    ("created", "told"),
    [
        pytest.param(1790000000.0, "2026-09-21T14:13:20.000Z", id="a whole second"),
        pytest.param(1790000000.123, "2026-09-21T14:13:20.123Z", id="milliseconds"),
        pytest.param(1790000000.9996, "2026-09-21T14:13:20.999Z", id="the last one"),
        pytest.param(1790000000.9999998, "2026-09-21T14:13:21.000Z", id="the next second"),
        pytest.param(-0.5, "1969-12-31T23:59:59.500Z", id="before 1970"),
    ],
)
def test_a_line_s_time_is_in_utc_to_the_millisecond(created: float, told: str) -> None:
    moment = datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds")

    assert line(created=created)["time"] == told == moment.replace("+00:00", "Z")


def test_every_line_has_a_trace_id_and_inside_a_span_it_is_the_span_s() -> None:
    with tracer.start_as_current_span("request") as span:
        inside = line()

    assert line()["trace_id"] is None
    assert inside["trace_id"] == trace.format_trace_id(span.get_span_context().trace_id)


def test_an_extra_can_not_overwrite_what_every_line_has() -> None:
    assert line(service="forged")["service"] == "ingest"


def test_what_json_lacks_is_written_as_text() -> None:
    assert line(error=ValueError("x"))["error"] == "x"


def test_an_exception_is_one_line() -> None:
    try:
        int("a\nb")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "bad", (), sys.exc_info())

    assert "\n" not in JsonFormatter("ingest").format(record)


@pytest.mark.parametrize("library", ["botocore.endpoint", "httpx2", "httpcore2.http11"])
def test_libraries_that_log_every_call_are_silenced(library: str) -> None:
    # In a process of its own: what it sets is everybody's.
    code = (
        "import logging, shared.telemetry as telemetry; telemetry.log_as_json('x', 'DEBUG');"
        f"raise SystemExit(logging.getLogger('{library}').isEnabledFor(logging.INFO))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_trace_crosses_the_queue() -> None:
    with tracer.start_as_current_span("request") as span:
        attributes = context_attributes()

    context = context_of({"MessageAttributes": attributes})

    arrived = trace.get_current_span(context).get_span_context()
    assert arrived.trace_id == span.get_span_context().trace_id


def test_the_x_ray_header_has_the_same_trace_in_aws_s_form() -> None:
    with tracer.start_as_current_span("request") as span:
        header = xray_header()

    trace_id = trace.format_trace_id(span.get_span_context().trace_id)
    assert header is not None
    assert header.startswith(f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent=")
    assert header.endswith(";Sampled=1")
    assert xray_header() is None


def test_without_w3c_s_attribute_the_trace_is_taken_from_x_ray_s() -> None:
    with tracer.start_as_current_span("request") as span:
        header = xray_header()
    assert header is not None

    context = context_of({"Attributes": {"AWSTraceHeader": f"{header};Lineage=1:a1b2c3d4:0"}})

    arrived = trace.get_current_span(context).get_span_context()
    sent = span.get_span_context()
    assert (arrived.trace_id, arrived.span_id) == (sent.trace_id, sent.span_id)
    assert arrived.trace_flags.sampled


def test_of_both_forms_w3c_s_is_believed() -> None:
    with tracer.start_as_current_span("request") as span:
        attributes = context_attributes()
    with tracer.start_as_current_span("another"):
        header = xray_header()
    assert header is not None

    context = context_of(
        {"MessageAttributes": attributes, "Attributes": {"AWSTraceHeader": header}}
    )

    arrived = trace.get_current_span(context).get_span_context()
    assert arrived.trace_id == span.get_span_context().trace_id


@pytest.mark.parametrize(
    "header",
    ["", "Self=1", "Root=1-5759e988-bd862e3fe1be46a994272793", "Root=1;Parent=53995c3f42cd8ad8;"],
    ids=["empty", "of the load balancer", "without a parent", "cut off"],
)
def test_a_header_that_is_not_whole_begins_a_trace_of_its_own(header: str) -> None:
    context = context_of({"Attributes": {"AWSTraceHeader": header}})

    assert not trace.get_current_span(context).get_span_context().is_valid
