"""The whole stack with the stand-ins: every provider of the chain in its turn, and what the traces
and metrics tell of it.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.deadlines import until
from tests.otlp import Collector, Span, collecting
from tests.photos import corners, encoded
from tests.stack import Stack, whole_stack
from tests.system.test_one_photo import User

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Stack]:
    """A stack of its own, whose model services are played and whose telemetry is collected."""
    state = tmp_path_factory.mktemp("played") / "state"
    telemetry = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    }
    with whole_stack(state, MODELS="standin", **telemetry) as running:
        yield running


@pytest.fixture(autouse=True)
def _good_health(played: Stack) -> None:
    for path in ("/_faults", "/_calls"):
        requests.delete(played["STANDIN_URL"] + path, timeout=10).raise_for_status()


def read(stack: Stack, path: str) -> Any:
    return requests.get(stack["STANDIN_URL"] + path, timeout=10).json()


def ask(stack: Stack, path: str) -> None:
    requests.get(stack["GATEWAY_URL"] + path, timeout=10).raise_for_status()


def captioned(stack: Stack, width: int) -> dict[str, Any]:
    """A new photo, ``width`` by 200, once it is finished."""
    user = User(stack)
    return user.finished(user.upload(encoded(corners(width, 200), "JPEG")))


def test_first_provider_answers_for_the_photo_it_was_sent(played: Stack) -> None:
    images = [captioned(played, width) for width in (301, 302)]

    for image, width in zip(images, (301, 302), strict=True):
        assert image["status"] == "completed"
        assert image["provider"]["name"] == "bedrock"
        assert image["provider"]["degraded"] is False
        assert f"{width} by 200" in image["captions"]["concise"]
        assert "Stand-in" in [label["name"] for label in image["labels"]]
    assert read(played, "/_calls")["bedrock"] == {"ok": 2}
    assert list(read(played, "/_images")["bedrock"].values()) == [1, 1]


@pytest.mark.parametrize(
    ("modes", "answers"),
    [
        ({"bedrock": "retired"}, "sagemaker"),
        ({"bedrock": "refusal", "sagemaker": "bad_json"}, "huggingface"),
        ({"bedrock": "bad_json", "sagemaker": "refusal", "huggingface": "retired"}, "local"),
    ],
    ids=["second", "third", "last"],
)
def test_next_provider_answers_where_others_fail(
    played: Stack, modes: dict[str, str], answers: str
) -> None:
    faults = {service: {"mode": mode} for service, mode in modes.items()}
    set_ = requests.put(played["STANDIN_URL"] + "/_faults", json=faults, timeout=10)
    assert set_.status_code == 200, set_.text

    image = captioned(played, 310 + len(modes))

    assert image["status"] == "completed"
    assert (image["provider"]["name"], image["provider"]["degraded"]) == (answers, True)
    tried = [attempt["provider"] for attempt in image["provider"]["attempts"]]
    assert list(dict.fromkeys(tried)) == [*modes, answers]


# OpenTelemetry's numbers of span kinds.
INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
TRACE = """\
gateway: POST /v1/images
  gateway: send ingest
    ingest: process ingest
      ingest: detect labels
      ingest: prepare
      ingest: read upload
      ingest: send caption
        captioner: process caption
          captioner: generate_content blip-image-captioning-base
          captioner: generate_content us.anthropic.claude-haiku-5-5
          captioner: read model input
      ingest: store renditions
"""
FIRST_MODEL = "us.anthropic.claude-haiku-5-5"
SECOND_MODEL = "blip-image-captioning-base"
QUEUES = ("ingest", "caption")


def of_queue(operation: str, queue: str) -> dict[str, Any]:
    return {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": operation,
        "messaging.destination.name": queue,
    }


def of_model(provider: str, model: str, outcome: str) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "caption.outcome": outcome,
    }


SPANS: dict[str, tuple[int, dict[str, Any]]] = {
    "POST /v1/images": (
        SERVER,
        {
            "http.request.method": "POST",
            "http.route": "/v1/images",
            "http.response.status_code": 202,
            "url.scheme": "http",
        },
    ),
    **{f"send {queue}": (PRODUCER, of_queue("send", queue)) for queue in QUEUES},
    **{
        f"process {queue}": (
            CONSUMER,
            {**of_queue("process", queue), "caption.outcome": "settled"},
        )
        for queue in QUEUES
    },
    **dict.fromkeys(
        ("detect labels", "prepare", "read upload", "store renditions", "read model input"),
        (INTERNAL, {}),
    ),
    f"generate_content {FIRST_MODEL}": (CLIENT, of_model("bedrock", FIRST_MODEL, "invalid_output")),
    f"generate_content {SECOND_MODEL}": (CLIENT, of_model("sagemaker", SECOND_MODEL, "ok")),
}
METRICS = {
    "http.server.request.duration": "s",
    "messaging.process.duration": "s",
    "caption.queue.delay": "s",
    "caption.stage.duration": "s",
    "caption.time_to_captions": "s",
    "caption.images": "{image}",
    "caption.fallbacks": "{image}",
    "gen_ai.client.operation.duration": "s",
    "gen_ai.client.token.usage": "{token}",
}


@pytest.fixture
def _nonsense_from_the_first(played: Stack) -> None:
    faults = {"bedrock": {"mode": "bad_json"}}
    requests.put(played["STANDIN_URL"] + "/_faults", json=faults, timeout=10).raise_for_status()


@pytest.mark.usefixtures("_nonsense_from_the_first")
async def test_one_trace_follows_a_photo_through_all_services(
    played: Stack, collector: Collector
) -> None:
    image = captioned(played, 311)

    found: list[Span] = []

    def has_arrived() -> bool:
        found[:] = trace_of(collector, image["image_id"])
        return drawn(found) == TRACE

    await until(has_arrived, within=20)
    by_name = {span.name: span for span in found}
    assert len(by_name) == len(found) == len(SPANS)
    for name, (kind, attributes) in SPANS.items():
        assert by_name[name].kind == kind, name
        assert attributes.items() <= by_name[name].attributes.items(), name
    for name in ("POST /v1/images", "process ingest", "process caption"):
        assert by_name[name].attributes["caption.image_id"] == image["image_id"]
    handled = {by_name[f"process {queue}"].attributes["messaging.message.id"] for queue in QUEUES}
    assert len(handled - {""}) == 2
    tokens = by_name[f"generate_content {FIRST_MODEL}"].attributes
    assert tokens["gen_ai.usage.input_tokens"] > 0
    assert tokens["gen_ai.usage.output_tokens"] > 0


async def test_probes_leave_no_span(played: Stack, collector: Collector) -> None:
    for path in ("/healthz", "/readyz", "/version"):
        ask(played, path)

    # What was asked last has arrived, so what was asked before it would have.
    await until(lambda: any(span.name == "GET /version" for span in collector.spans), within=20)
    assert not [
        span.name for span in collector.spans if "healthz" in span.name or "readyz" in span.name
    ]


@pytest.mark.usefixtures("_nonsense_from_the_first")
async def test_no_span_holds_what_is_private(played: Stack, collector: Collector) -> None:
    image = captioned(played, 312)

    await until(lambda: drawn(trace_of(collector, image["image_id"])) == TRACE, within=20)
    told = str(collector.spans)
    assert image["captions"]["concise"] not in told
    assert image["captions"]["creative"] not in told
    assert "Bearer" not in told


@pytest.mark.usefixtures("_nonsense_from_the_first")
async def test_metrics_arrive_with_their_names_and_units(
    played: Stack, collector: Collector
) -> None:
    captioned(played, 313)

    await until(lambda: METRICS.items() <= collector.metric_units.items(), within=20)


def trace_of(collector: Collector, image_id: str) -> list[Span]:
    """The spans of the trace in which this photo was submitted."""
    spans = list(collector.spans)
    traces = {s.trace for s in spans if s.attributes.get("caption.image_id") == image_id}
    submitted = {s.trace for s in spans if s.trace in traces and s.name == "POST /v1/images"}
    return [span for span in spans if span.trace in submitted]


def drawn(spans: list[Span]) -> str:
    """The tree of spans, children below their parents."""
    known = {span.id for span in spans}

    def lines(parent: str, depth: int) -> list[str]:
        return [
            line
            for span in sorted(spans, key=lambda span: span.name)
            if (span.parent if span.parent in known else "") == parent
            for line in (
                "  " * depth + f"{span.service}: {span.name}\n",
                *lines(span.id, depth + 1),
            )
        ]

    return "".join(lines("", 0))
