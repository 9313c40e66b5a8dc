"""The collectors' configurations hold together, as far as reading tells: none is started here."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.terraform.gate import ROOT, SOURCE

_ON_AWS = SOURCE / "files" / "collector.yaml.tftpl"
_IN_COMPOSE = ROOT / "infra" / "compose" / "collector.yaml"
# Of what AWS's distribution is built with, what we need:
# https://github.com/aws-observability/aws-otel-collector#adot-collector-built-in-components
_DISTRIBUTED = {
    "receivers": {"otlp"},
    "processors": {"batch", "memory_limiter"},
    "exporters": {"awsemf", "otlphttp"},
    "extensions": {"health_check", "sigv4auth"},
}
_RENDERED = {"region": "eu-west-1", "namespace": "captions-test", "log_group": "/metrics/captions"}


def configuration(file: Path) -> dict[str, Any]:
    """The document, as Terraform renders it where it is a template."""
    text = file.read_text()
    for name, value in _RENDERED.items():
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


@pytest.fixture(params=[_ON_AWS, _IN_COMPOSE], ids=["on AWS", "in Compose"])
def either(request: pytest.FixtureRequest) -> dict[str, Any]:
    return configuration(request.param)


def named(document: dict[str, Any], kind: str) -> set[str]:
    """What pipelines and the service name of a kind."""
    service = document["service"]
    if kind == "extensions":
        return set(service.get(kind, []))
    return {name for pipeline in service["pipelines"].values() for name in pipeline[kind]}


@pytest.mark.parametrize("kind", ["receivers", "processors", "exporters", "extensions"])
def test_each_component_is_defined_and_used(either: dict[str, Any], kind: str) -> None:
    assert named(either, kind) == set(either.get(kind) or {})


def test_traces_and_metrics_come_in_by_what_the_services_speak(either: dict[str, Any]) -> None:
    pipelines = either["service"]["pipelines"]
    endpoint = either["receivers"]["otlp"]["protocols"]["http"]["endpoint"]

    assert set(pipelines) == {"traces", "metrics"}
    assert all(pipeline["receivers"] == ["otlp"] for pipeline in pipelines.values())
    assert endpoint.endswith(":4318")


@pytest.mark.parametrize("kind", _DISTRIBUTED)
def test_on_aws_there_is_nothing_that_its_distribution_lacks(kind: str) -> None:
    document = configuration(_ON_AWS)

    assert {name.split("/")[0] for name in document[kind]} == _DISTRIBUTED[kind]


def test_on_aws_it_listens_on_loopback_and_its_memory_has_a_bound() -> None:
    document = configuration(_ON_AWS)
    endpoint = document["receivers"]["otlp"]["protocols"]["http"]["endpoint"]

    assert endpoint.startswith("127.0.0.1:")
    assert document["extensions"]["health_check"]["endpoint"].startswith("127.0.0.1:")
    # First, so that nothing is taken in that has no room; below the container's 192 MiB.
    assert all(
        pipeline["processors"][0] == "memory_limiter"
        for pipeline in document["service"]["pipelines"].values()
    )
    assert document["processors"]["memory_limiter"]["limit_mib"] < 192


def test_on_aws_traces_are_signed_and_metrics_keep_to_their_group() -> None:
    document = configuration(_ON_AWS)
    traces, metrics = document["exporters"]["otlphttp/traces"], document["exporters"]["awsemf"]

    assert traces["traces_endpoint"] == "https://xray.eu-west-1.amazonaws.com/v1/traces"
    assert traces["auth"]["authenticator"] in document["service"]["extensions"]
    assert document["extensions"]["sigv4auth"] == {"region": "eu-west-1", "service": "xray"}
    assert (metrics["namespace"], metrics["log_group_name"]) == (
        "captions-test",
        "/metrics/captions",
    )
    # Every combination that is not declared would be a series.
    assert metrics["dimension_rollup_option"] == "NoDimensionRollup"


def test_a_log_streams_name_holds_only_what_the_services_send() -> None:
    """awsemf writes "undefined" for what it lacks (exporter/awsemfexporter/util.go), and of what it
    could take, our resources have ``service.name`` alone.
    """
    pattern = configuration(_ON_AWS)["exporters"]["awsemf"]["log_stream_name"]

    assert re.findall(r"\{(\w+)\}", pattern) == ["ServiceName"]
