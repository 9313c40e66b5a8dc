"""Names that Terraform's files share with the code: settings, metrics, events. Neither knows the
other when it changes, so this does.
"""

import re
from functools import cache

import pytest
from pydantic_settings import BaseSettings

from services.captioner.settings import Settings as CaptionerSettings
from services.gateway.settings import Settings as GatewaySettings
from services.gateway.sweeper import SweeperSettings
from services.ingest.settings import Settings as IngestSettings
from services.ui.settings import Settings as UiSettings
from tests.terraform.gate import ROOT, SOURCE

_SERVICES: dict[str, tuple[type[BaseSettings], str]] = {
    "gateway": (GatewaySettings, "GATEWAY_"),
    "sweeper": (SweeperSettings, "GATEWAY_"),
    "ingest": (IngestSettings, "INGEST_"),
    "captioner": (CaptionerSettings, "CAPTIONER_"),
    "ui": (UiSettings, "UI_"),
}
# Read by the page's start and by Streamlit, not by our settings.
_OF_THE_PAGES_START = {
    "UI_REDIRECT_URI",
    "UI_CLIENT_ID",
    "UI_CLIENT_SECRET",
    "UI_COOKIE_SECRET",
    "STREAMLIT_BROWSER_SERVER_ADDRESS",
    "STREAMLIT_BROWSER_SERVER_PORT",
    "HOME",
}
# Each combination of values is a series that is paid. How many values an attribute has, at most:
# queues, outcomes and so on as the code names them; of outcomes and errors those that come up.
_VALUES = {
    "caption.waited": 2,
    "messaging.destination.name": 2,
    "caption.outcome": 6,
    "caption.stage": 2,
    "caption.status": 1,  # either goes with one of the two attributes below
    "caption.degraded": 2,
    "error.type": 8,
    "gen_ai.provider.name": 4,
    "gen_ai.token.type": 2,
}
_SERIES_MAX = 60


@cache
def _services() -> str:
    return (SOURCE / "services.tf").read_text()


def _named() -> set[str]:
    """All variables in services.tf, with and without their service's prefix."""
    return set(re.findall(r"\b([A-Z][A-Z0-9_]{2,}) +=", _services()))


def _is_named(variable: str, prefix: str) -> bool:
    return not {variable, variable.removeprefix(prefix)}.isdisjoint(_named())


@pytest.mark.parametrize("service", _SERVICES)
def test_every_required_setting_is_set(service: str) -> None:
    settings, prefix = _SERVICES[service]
    required = {
        f"{prefix}{name}".upper()
        for name, field in settings.model_fields.items()
        if field.is_required()
    }

    assert not {name for name in required if not _is_named(name, prefix)}


def test_no_variable_is_set_that_nobody_reads() -> None:
    read = {
        f"{prefix}{name}".upper()
        for settings, prefix in _SERVICES.values()
        for name in settings.model_fields
    }
    bare = {name.split("_", 1)[1] for name in read}

    assert not _named() - read - bare - _OF_THE_PAGES_START


def _code_metrics() -> set[str]:
    code = (ROOT / "shared" / "metrics.py").read_text()
    return set(re.findall(r'_meter\.create_\w+\(\s*"([^"]+)"', code))


def _declared() -> dict[str, list[list[str]]]:
    """Metrics that the collector sends on, and the sets of attributes that make their series."""
    text = (SOURCE / "files" / "collector.yaml.tftpl").read_text()
    found = re.findall(r'metric_name_selectors: \["\^(.+?)\$"\]\n +dimensions: \[(.*)\]\n', text)
    return {
        name.replace("\\\\.", "."): [
            re.findall(r'"([^"]+)"', one) for one in re.findall(r"\[(.*?)\]", dimensions)
        ]
        for name, dimensions in found
    }


def _shown() -> set[str]:
    """Our own metrics on the dashboard and in alarms."""
    board = (SOURCE / "files" / "dashboard.json.tftpl").read_text()
    alarms = (SOURCE / "alarms.tf").read_text()
    return {
        *re.findall(r'\["\$\{namespace\}", "([^"]+)"', board),
        *re.findall(r'MetricName=\\"([^"\\]+)\\"', board),
        *re.findall(r'namespace = local\.metrics_namespace, name = "([a-z_.]+)"', alarms),
    }


def test_the_collector_sends_on_each_metric_of_the_code_and_no_other() -> None:
    assert set(_declared()) == _code_metrics()


def test_dashboard_and_alarms_name_metrics_of_the_code() -> None:
    shown = _shown()

    assert "caption.images" in shown
    assert "http.server.request.duration" in shown
    assert shown == _code_metrics()


def _shown_as_percentiles() -> set[str]:
    """Our metrics that the dashboard or an alarm wants a percentile of."""
    board = (SOURCE / "files" / "dashboard.json.tftpl").read_text()
    alarms = (SOURCE / "alarms.tf").read_text()
    return {
        *re.findall(r'\["\$\{namespace\}", "([^"]+)",[^\n]*"stat": "p\d+"', board),
        *re.findall(r"""MetricName=\\"([^"\\]+)\\"', 'p\d+'""", board),
        *re.findall(r'name = "([a-z_.]+)", stat = "p\d+"', alarms),
    }


def test_percentiles_are_asked_for_of_times_only() -> None:
    # What is no time has fixed buckets or none, and CloudWatch no percentiles of it.
    code = (ROOT / "shared" / "metrics.py").read_text()
    times = set(re.findall(r'create_histogram\(\s*"([^"]+)",\s*unit="s"', code))

    shown = _shown_as_percentiles()

    assert {"http.server.request.duration", "caption.stage.duration"} <= shown
    assert shown <= times


def test_attributes_of_series_are_those_of_the_code() -> None:
    code = "".join((ROOT / "shared" / name).read_text() for name in ("metrics.py", "telemetry.py"))
    attributes = {name for sets in _declared().values() for each in sets for name in each}

    assert attributes == set(_VALUES)
    assert not {name for name in attributes if f'"{name}"' not in code}


def test_series_are_at_most_sixty() -> None:
    series = 3  # of log lines, in alarms.tf
    for sets in _declared().values():
        for attributes in sets:
            count = 1
            for name in attributes:
                count *= _VALUES[name]
            series += count

    assert 30 < series <= _SERIES_MAX


@pytest.mark.parametrize("event", ["model retired", "endpoint not found", "daily budget spent"])
def test_alarms_on_log_lines_ask_for_what_the_captioner_logs(event: str) -> None:
    code = "".join(path.read_text() for path in (ROOT / "services" / "captioner").rglob("*.py"))

    assert f'logger.error("{event}"' in code
    assert f'event = "{event}"' in (SOURCE / "alarms.tf").read_text()
