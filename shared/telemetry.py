"""Traces and logs: their names, and how a trace crosses a queue.

One trace follows one photo, from the request through both queues. Attribute names are the
semantic conventions' where those have one; ours share the prefix ``caption.``. Nothing here ever
carries a token, a caption or the bytes of an image.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Span, SpanKind

if TYPE_CHECKING:
    from types_aiobotocore_sqs.type_defs import MessageAttributeValueTypeDef, MessageTypeDef

IMAGE_ID = "caption.image_id"
OUTCOME = "caption.outcome"
PROVIDER = "gen_ai.provider.name"
MODEL = "gen_ai.request.model"

# What logging.LogRecord sets itself; everything else on a record came in by `extra`.
_RECORD_FIELDS = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {
    "message",
    "asctime",
    "taskName",
}

_encode = json.JSONEncoder(default=str).encode
_XRAY_ROOT = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")

tracer = trace.get_tracer("caption")


class JsonFormatter(logging.Formatter):
    """One log record as one line of JSON, with the trace it belongs to."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end. Values that JSON lacks appear as their ``str``."""
        context = trace.get_current_span().get_span_context()
        line: dict[str, Any] = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "service": self._service,
            "logger": record.name,
            "trace_id": trace.format_trace_id(context.trace_id) if context.is_valid else None,
            "span_id": trace.format_span_id(context.span_id) if context.is_valid else None,
        }
        for name, value in vars(record).items():
            if name not in _RECORD_FIELDS and name not in line:
                line[name] = value
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _encode(line)


def _time(created: float) -> str:
    """ISO 8601 in UTC, to the millisecond that has begun."""
    seconds, microseconds = divmod(round(created * 1e6), 1_000_000)
    return f"{_second(seconds)}.{microseconds // 1000:03}Z"


@lru_cache(maxsize=2)  # a busy second has thousands of lines
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def log_as_json(service: str, level: str) -> None:
    """Send every log record of this process to standard output, one JSON object a line."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)  # Pillow, for one, warns about odd files on standard error
    # Where a record comes from is in none of our lines, and looking for it a quarter of their cost:
    # https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None  # noqa: SLF001
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # Their INFO lines come with every client or every call; their DEBUG lines hold bodies.
    for noisy in ("botocore", "aiobotocore", "boto3", "urllib3", "httpx2", "httpcore2"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def start_tracing(service: str, *, export: bool, ratio: float) -> TracerProvider:
    """Make this process record spans, and export them over OTLP if asked.

    ``ratio`` is the share of new traces that is recorded (0 to 1); a trace begun elsewhere keeps
    the decision made there. The exporter reads OpenTelemetry's own environment variables.
    """
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(ratio),
        resource=Resource.create({SERVICE_NAME: service}),
        shutdown_on_exit=False,
    )
    if export:
        # Imported late: the exporter costs start-up time that a process without one need not pay.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider


def current_trace_id() -> str | None:
    """The trace in progress as 32 hexadecimal digits, or ``None`` outside of one."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def context_attributes() -> "dict[str, MessageAttributeValueTypeDef]":
    """The current trace context (W3C ``traceparent``) as SQS message attributes."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return {name: {"DataType": "String", "StringValue": value} for name, value in carrier.items()}


def xray_header() -> str | None:
    """The current context in the form of ``AWSTraceHeader``, for AWS's own view of the queue.

    Format: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html (tracing header).
    """
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    trace_id = trace.format_trace_id(context.trace_id)
    parent = trace.format_span_id(context.span_id)
    sampled = int(context.trace_flags.sampled)
    return f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={parent};Sampled={sampled}"


def context_of(message: "MessageTypeDef") -> Context:
    """The trace context that a producer attached to this message: W3C's, or else X-Ray's."""
    attributes = message.get("MessageAttributes", {})
    carrier = {
        name: value["StringValue"] for name, value in attributes.items() if "StringValue" in value
    }
    if "traceparent" not in carrier:
        # Whoever sends a message again may copy its body and its system attributes only.
        header = message.get("Attributes", {}).get("AWSTraceHeader", "")
        carrier |= _carrier_of(header)
    return propagate.extract(carrier)


def _carrier_of(header: str) -> dict[str, str]:
    """What ``AWSTraceHeader`` says, as W3C has it; nothing if it is not whole."""
    fields = dict(part.strip().partition("=")[::2] for part in header.split(";"))
    root = _XRAY_ROOT.fullmatch(fields.get("Root", ""))
    if root is None:
        return {}
    # What of the rest is wrong, the extraction refuses.
    flags = "01" if fields.get("Sampled") == "1" else "00"
    return {"traceparent": f"00-{root[1]}{root[2]}-{fields.get('Parent', '')}-{flags}"}


@contextmanager
def send_span(queue: str) -> Iterator[Span]:
    """One producer span per message; what processes the message is its child."""
    attributes: Mapping[str, str] = {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "send",
        "messaging.destination.name": queue,
    }
    with tracer.start_as_current_span(
        f"send {queue}", kind=SpanKind.PRODUCER, attributes=attributes, record_exception=False
    ) as span:
        yield span


def process_span(message: "MessageTypeDef", queue: str) -> AbstractContextManager[Span]:
    """One consumer span per message, a child of the span that sent it. It begins with the call."""
    attributes: Mapping[str, str] = {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "process",
        "messaging.destination.name": queue,
        "messaging.message.id": message.get("MessageId", ""),
    }
    span = tracer.start_span(
        f"process {queue}",
        context=context_of(message),
        kind=SpanKind.CONSUMER,
        attributes=attributes,
    )
    # A worker's busiest span: what `start_as_current_span` does, without its layers.
    return trace.use_span(span, end_on_exit=True, record_exception=False)
