"""Every call of the operators' contract, over HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel

from clients import admin_resources
from clients.admin import AdminApi
from clients.api import CaptionApi
from clients.connection import Patience
from clients.problems import Refused, Unreachable
from shared import admin_api
from tests.unit.clients.fake_api import Asked, FakeApi, Fault, Reply, running

QUICK = Patience(attempts=3, first_pause=0.01, longest_pause=1.0, timeout=5, upload_timeout=5)
NOW = "2026-11-22T12:00:00.000Z"
PAIRS = [
    (admin_resources.Queue, admin_api.QueueView),
    (admin_resources.Queues, admin_api.QueueList),
    (admin_resources.QueuePoint, admin_api.QueuePointView),
    (admin_resources.QueueHistory, admin_api.QueueHistoryView),
    (admin_resources.DeadLetter, admin_api.DeadLetterView),
    (admin_resources.DeadLetters, admin_api.DeadLetterList),
    (admin_resources.Redrive, admin_api.RedriveView),
    (admin_resources.Purge, admin_api.PurgeView),
    (admin_resources.ProviderHealth, admin_api.ProviderHealthView),
    (admin_resources.Providers, admin_api.ProviderList),
    (admin_resources.ProviderSwitch, admin_api.ProviderSwitchView),
    (admin_resources.DayUsage, admin_api.DayUsageView),
    (admin_resources.HourUsage, admin_api.HourUsageView),
    (admin_resources.Usage, admin_api.UsageView),
]


@dataclass
class Operations:
    """Answers as a newer gateway would give them, and keeps what it was asked."""

    asked: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        path = asked.path.removeprefix("/v1/admin")
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "GET /queues": lambda: {"queues": [{"name": "from_tomorrow", "visible": 3}]},
            "GET /queues/history": lambda: {
                "points": [{"at": NOW, "queue": "caption", "visible": 4, "oldest_age_s": None}]
            },
            "GET /dead-letters/caption": lambda: {
                "queue": "caption",
                "items": [{"message_id": "a", "reason": "received too often", "tries": None}],
            },
            "POST /queues/caption/redrive": lambda: {"queue": "caption", "messages": 3},
            "POST /queues/caption-dlq/purge": lambda: {"queue": asked.json()["confirm"]},
            "GET /providers": lambda: {
                "providers": [{"name": "bedrock", "circuit": "ajar", "held": "too_purple"}]
            },
            "PATCH /providers/bedrock": lambda: {"name": "bedrock", **asked.json()},
            "GET /usage": lambda: {"days": [{"day": "2026-11-22", "failed_by_code": {"x": 2}}]},
        }
        answer = answers.get(f"{asked.method} {path}")
        if answer is None:
            return Reply(404, {"code": "not_found"})
        return Reply(200, answer() | {"a_field_from_tomorrow": [1]})


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with running(FakeApi()) as api:
        yield api


@pytest.fixture
def operations(server: FakeApi) -> Operations:
    server.rest = operations = Operations()
    return operations


@pytest.fixture
def client(server: FakeApi, operations: Operations) -> Iterator[AdminApi]:
    with CaptionApi(server.url, "token", patience=QUICK) as client:
        yield client.admin


@pytest.mark.parametrize(("ours", "contract"), PAIRS, ids=lambda model: model.__name__)
def test_every_field_of_the_contract_is_there(
    ours: type[BaseModel], contract: type[BaseModel]
) -> None:
    assert ours.model_fields.keys() == contract.model_fields.keys()


def test_queues_of_a_newer_gateway_are_read(client: AdminApi) -> None:
    [queue] = client.queues().queues

    assert (queue.name, queue.visible, queue.dead_letters) == ("from_tomorrow", 3, 0)
    assert queue.oldest_age_s is None


def test_the_history_is_asked_for_by_the_hour(client: AdminApi, operations: Operations) -> None:
    [point] = client.queue_history(hours=3).points

    assert (point.queue, point.visible, point.oldest_age_s) == ("caption", 4, None)
    assert operations.asked[-1].query == {"hours": "3"}


def test_dead_letters_are_read(client: AdminApi, operations: Operations) -> None:
    [letter] = client.dead_letters("caption", limit=5).items

    assert (letter.reason, letter.tries, letter.image_id) == ("received too often", 0, None)
    assert operations.asked[-1].query == {"limit": "5"}


def test_dead_letters_are_sent_back(client: AdminApi) -> None:
    assert client.redrive("caption").messages == 3


def test_a_purge_repeats_the_name(client: AdminApi, operations: Operations) -> None:
    assert client.purge("caption-dlq").queue == "caption-dlq"
    assert operations.asked[-1].json() == {"confirm": "caption-dlq"}


def test_providers_of_a_newer_gateway_are_read(client: AdminApi) -> None:
    [provider] = client.providers().providers

    assert (provider.circuit, provider.held) == ("ajar", "too_purple")
    assert not provider.configured


def test_a_provider_is_switched(client: AdminApi, operations: Operations) -> None:
    assert not client.switch_provider("bedrock", enabled=False).enabled
    assert operations.asked[-1].json() == {"enabled": False}


def test_usage_is_asked_for_by_the_day(client: AdminApi, operations: Operations) -> None:
    usage = client.usage(days=30)

    assert usage.days[0].failed_by_code == {"x": 2}
    assert usage.hours == []
    assert operations.asked[-1].query == {"days": "30"}


def test_a_queue_name_is_no_path(client: AdminApi) -> None:
    with pytest.raises(Refused) as caught:
        client.dead_letters("../usage")

    assert caught.value.code == "not_found"


def test_others_are_refused(server: FakeApi, client: AdminApi) -> None:
    server.faults = [Fault(403, "forbidden")]

    with pytest.raises(Refused) as caught:
        client.queues()

    assert caught.value.status == 403


@pytest.mark.parametrize(
    "change",
    [lambda client: client.redrive("caption"), lambda client: client.purge("caption-dlq")],
    ids=["redrive", "purge"],
)
def test_a_broken_connection_repeats_no_change(
    server: FakeApi, client: AdminApi, change: Callable[[AdminApi], object]
) -> None:
    server.drop = 1

    with pytest.raises(Unreachable):
        change(client)

    assert len(server.requests) == 1


def test_a_switch_may_be_turned_twice(server: FakeApi, client: AdminApi) -> None:
    server.drop = 1

    client.switch_provider("bedrock", enabled=True)

    assert len(server.requests) == 2


def test_operators_calls_share_the_connections(server: FakeApi, operations: Operations) -> None:
    with CaptionApi(server.url, "token", patience=QUICK) as client:
        client.admin.queues()
        client.images()
        client.admin.usage()

    assert server.connections == 1
