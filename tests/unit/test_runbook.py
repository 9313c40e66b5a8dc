"""The runbook and what it speaks of: alarms, log lines, settings, endpoints, files, commands.

Whoever is called at night takes its words as they are, and nothing else notices when one is wrong.
"""

import re
from functools import cache

import jmespath
import pytest
from pydantic_settings import BaseSettings

from services.captioner.settings import Settings as CaptionerSettings
from services.gateway.openapi import OPERATIONS
from services.gateway.settings import Settings as GatewaySettings
from services.gateway.sweeper import SweeperSettings
from services.ingest.settings import Settings as IngestSettings
from services.ui.settings import Settings as UiSettings
from tests.named import ROOT, log_lines, paths, spans, texts
from tests.terraform.test_alarms import _ALARMS

_FILES = ("docs/runbook.md", "docs/runbook/procedures.md", "docs/runbook/restoring.md")
_SETTINGS: dict[str, tuple[type[BaseSettings], ...]] = {
    "GATEWAY": (GatewaySettings, SweeperSettings),
    "INGEST": (IngestSettings,),
    "CAPTIONER": (CaptionerSettings,),
    "UI": (UiSettings,),
}
# Whose code writes a log group's lines, beside all of shared/.
_CODE = {
    "gateway": "services/gateway",
    "sweeper": "services/gateway",
    "reconciler": "services/gateway",
    "ingest": "services/ingest",
    "captioner": "services/captioner",
    "ui": "services/ui",
}
_QUEUES = {"ingest", "caption", "ingest-dlq", "caption-dlq"}
# shared/telemetry.py writes these on every line.
_ON_EVERY_LINE = {"time", "level", "event", "service", "logger", "trace_id", "span_id"}
_PARTS = ("Means", "Look", "Fix", "Escalate")


def text(file: str) -> str:
    return (ROOT / file).read_text()


@cache
def whole() -> str:
    return "\n".join(map(text, _FILES))


def sections() -> dict[str, str]:
    """The sections of alarms, by the alarm."""
    parts = re.split(r"^### `([\w-]+)`$", text(_FILES[0]), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def queries() -> list[tuple[str, str]]:
    """Each query of Logs Insights, with the service whose lines it is over."""
    return re.findall(r"\binsights (\w+) \d+ '([^']+)'", whole())


def test_every_alarm_has_a_section_and_no_other_alarm_has_one() -> None:
    assert sorted(sections()) == sorted(_ALARMS)


@pytest.mark.parametrize("alarm", sorted(_ALARMS))
def test_a_section_says_what_it_means_where_to_look_what_to_do_and_whom_to_wake(
    alarm: str,
) -> None:
    section = sections()[alarm]

    assert [part for part in _PARTS if f"**{part}**" not in section] == []


def test_alarms_in_terraform_are_those_that_are_tested() -> None:
    source = text("infra/terraform/alarms.tf")
    named = set(re.findall(r"^ +([a-z]+(?:-[a-z]+)+) += \{", source, re.MULTILINE))
    of_each = set(re.findall(r'"\$\{name\}(-[a-z-]+)" +=', source))

    assert named
    assert of_each
    assert named | {alarm for alarm in _ALARMS if alarm.endswith(tuple(of_each))} == set(_ALARMS)


def test_queries_ask_for_lines_that_the_service_writes() -> None:
    asked = [
        (service, event)
        for service, query in queries()
        for match in re.findall(r'event (?:= |in \[)((?:"[^"]+"(?:, )?)+)', query)
        for event in re.findall(r'"([^"]+)"', match)
    ]
    written = {
        service: {event for event, _ in log_lines(folder, "shared")}
        for service, folder in _CODE.items()
    }

    assert len(asked) > 20
    assert [(service, event) for service, event in asked if event not in written[service]] == []


def test_queries_ask_for_fields_that_such_lines_have() -> None:
    for service, query in queries():
        lines = log_lines(_CODE[service], "shared")
        named = set(re.findall(r'"([^"]+)"', query)) & {event for event, _ in lines}
        # A query over all lines may ask for what any of them has.
        having = [names for event, names in lines if event in named or not named]
        known = _ON_EVERY_LINE.union(*having)
        listed = re.findall(r"(?:\bby|\bfields) ([^|]+)", query)
        asked = {
            field.strip()
            for part in listed
            for field in re.sub(r"\bbin\(\w+\)", "", part).split(",")
        }
        asked |= set(re.findall(r"\b(?:pct|avg)\((\w+)", query))
        asked |= set(re.findall(r"(\w+) (?:>=|=) [\"\d]", query))

        assert asked - {""} <= known, query


def test_words_that_look_like_an_event_or_a_reason_are_in_the_code() -> None:
    plain = [span for span in spans(whole()) if re.fullmatch(r"[a-z]+(?: [a-z]+)+", span)]
    commands = ("running ", "restart ", "depth ", "terraform ", "make ")
    words = [span for span in plain if not span.startswith(commands)]

    assert len(words) > 15
    assert set(words) - texts("services", "shared") == set()


def test_names_in_snake_case_are_names_of_ours() -> None:
    """Fields, outcomes, reasons, variables of Terraform."""
    names = {span for span in spans(whole()) if re.fullmatch(r"[a-z0-9]+(?:_[a-z0-9]+)+", span)}
    folders = ("services", "shared", "infra")
    files = [
        file
        for folder in folders
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".tf", ".tfvars"}
    ]
    words = set(re.findall(r"\w+", "\n".join(file.read_text() for file in files)))

    assert len(names) > 20
    assert names - words == set()


def test_members_of_terraform_variables_exist() -> None:
    files = (ROOT / "infra" / "terraform").glob("variables*.tf")
    blocks = dict(
        re.findall(
            r'^variable "(\w+)" \{(.*?)^\}',
            "\n".join(file.read_text() for file in files),
            re.MULTILINE | re.DOTALL,
        )
    )
    named = [
        span.split(".") for span in spans(whole()) if re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", span)
    ]
    members = [(name, member) for name, member in named if name in blocks]

    assert len(members) > 5
    assert [each for each in members if not re.search(rf"\b{each[1]}\b", blocks[each[0]])] == []


def test_settings_are_read_by_a_service() -> None:
    named = set(re.findall(r"\b((?:GATEWAY|INGEST|CAPTIONER|UI)_[A-Z0-9_]+)", whole()))
    read = {
        f"{prefix}_{name}".upper()
        for prefix, types in _SETTINGS.items()
        for settings in types
        for name in settings.model_fields
    }

    assert len(named) > 10
    assert named - read == set()


def test_endpoints_are_served() -> None:
    served = {(each.method.upper(), each.path) for each in OPERATIONS}
    named = [
        re.fullmatch(r"(?:([A-Z]+) )?(/(?:v1|auth)/[\w/{}-]+)(?:\?\S+)?", span)
        for span in spans(whole())
    ]
    endpoints = [(match[1], match[2]) for match in named if match]

    assert len(endpoints) > 10
    assert [
        (method, path)
        for method, path in endpoints
        if not any(path == each and method in {None, verb} for verb, each in served)
    ] == []


def test_files_exist() -> None:
    named = paths(whole())

    assert len(named) > 8
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_commands_of_ours_exist_with_their_options() -> None:
    commands = re.findall(r"-m ((?:services|infra)[\w.]+)([^\n`]*)", whole())

    assert {module for module, _ in commands} >= {
        "services.gateway.replay",
        "services.gateway.forget",
        "services.gateway.reconciler",
    }
    for module, arguments in commands:
        source = text(f"{module.replace('.', '/')}.py")
        options = re.findall(r"--[a-z-]+", arguments)
        assert [option for option in options if f'"{option}"' not in source] == []


def test_targets_of_make_exist() -> None:
    makefile = text("Makefile")
    targets = {span.split()[1] for span in spans(whole()) if span.startswith("make ")}

    assert targets
    assert [each for each in targets if f"\n{each}:" not in makefile] == []


def test_the_shells_words_are_given_services_and_queues() -> None:
    services = re.findall(r"(?:^ +|[`;(] ?)(?:running|restart) (\w+)", whole(), re.MULTILINE)
    queues = re.findall(r"^ +depth (\w+)", whole(), re.MULTILINE)

    assert {service for service, _ in queries()} | set(services) <= set(_CODE)
    assert set(queues) <= _QUEUES


def test_each_part_of_the_runbook_is_found_from_where_one_begins() -> None:
    assert f"`{_FILES[0]}`" in text("docs/architecture.md")
    assert [file for file in _FILES[1:] if f"`{file}`" not in text(_FILES[0])] == []


def test_what_workers_manage_is_what_scaling_is_set_to() -> None:
    """Tasks times photos at once by seconds a photo, as the procedures work it out."""
    worked_out = re.findall(r"(\d+) \S (\d+) \S ([\d.]+) = (\d+) photos a second", whole())
    constants = dict(
        re.findall(
            r"(\w+) += \{ (concurrency = \d+, photo_s = [\d.]+)", text("infra/terraform/scaling.tf")
        )
    )

    assert len(worked_out) == len(constants) == 2
    for service, (tasks, at_once, seconds, photos) in zip(
        ("ingest", "captioner"), worked_out, strict=True
    ):
        assert constants[service] == f"concurrency = {at_once}, photo_s = {seconds}"
        assert int(tasks) * int(at_once) / float(seconds) == int(photos)


def test_what_it_takes_from_answers_of_the_command_line_is_jmespath() -> None:
    pages = "".join((ROOT / page).read_text() for page in _FILES)
    taken = re.findall(r"--query (?:'([^']+)'|([\w.\[\]]+))", pages)

    assert len(taken) > 3
    for quoted, plain in taken:
        jmespath.compile(quoted or plain)
