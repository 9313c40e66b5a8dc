"""The operations of the group ``admins``."""

from http import HTTPStatus
from typing import Any, get_args

from pydantic import BaseModel

from services.gateway.admin import (
    DAYS_DEFAULT,
    HOURS_DEFAULT,
    LETTERS_DEFAULT,
    LETTERS_MAX,
    PurgeRequest,
    SwitchRequest,
)
from services.gateway.openapi_parts import JSON, Answer, Operation, Parameter, RequestBody
from services.gateway.openapi_problems import JSON_BODY
from services.gateway.providers import KNOWN
from services.gateway.queue_history import HOURS_MAX, POINTS
from services.gateway.usage import DAYS_MAX
from shared.admin_api import (
    DeadLetterList,
    ProviderList,
    ProviderSwitchView,
    PurgeView,
    QueueHistoryView,
    QueueList,
    QueueOrDeadLetters,
    RedriveView,
    UsageView,
)

TAG = "Operations"

_NAMES = [*get_args(QueueOrDeadLetters)]
_QUEUE = Parameter(
    "queue",
    "path",
    "A queue or its dead letters; where only one of the two makes sense, that one is meant.",
    {"type": "string", "enum": _NAMES},
    "caption",
)


def _read(
    path: str, operation_id: str, summary: str, body: type[BaseModel], example: Any
) -> Operation:
    answer = Answer(HTTPStatus.OK, "As it is now.", body, example=example)
    return Operation("GET", path, operation_id, TAG, summary, (answer,))


ADMIN = (
    _read(
        "/v1/admin/queues",
        "listQueues",
        "How full the queues are",
        QueueList,
        {
            "queues": [
                {
                    "name": "caption",
                    "visible": 14,
                    "in_flight": 4,
                    "delayed": 0,
                    "oldest_age_s": 9,
                    "dead_letters": 1,
                }
            ]
        },
    ),
    Operation(
        "GET",
        "/v1/admin/queues/history",
        "getQueueHistory",
        TAG,
        "How full the queues were",
        (Answer(HTTPStatus.OK, "Oldest first.", QueueHistoryView),),
        f"A point a minute of each queue. Of long times there are about {POINTS}, each with the "
        "highest figures until the next.",
        parameters=(
            Parameter(
                "hours",
                "query",
                "How many hours back.",
                {"type": "integer", "minimum": 1, "maximum": HOURS_MAX, "default": HOURS_DEFAULT},
            ),
        ),
    ),
    Operation(
        "GET",
        "/v1/admin/dead-letters/{queue}",
        "listDeadLetters",
        TAG,
        "Messages that were given up on",
        (Answer(HTTPStatus.OK, "Some of them; they stay where they are.", DeadLetterList),),
        parameters=(
            _QUEUE,
            Parameter(
                "limit",
                "query",
                "How many at most.",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LETTERS_MAX,
                    "default": LETTERS_DEFAULT,
                },
            ),
        ),
        problems=("not_found",),
    ),
    Operation(
        "POST",
        "/v1/admin/queues/{queue}/redrive",
        "redriveQueue",
        TAG,
        "Send dead letters back to their queue",
        (Answer(HTTPStatus.ACCEPTED, "They are on their way.", RedriveView),),
        parameters=(_QUEUE,),
        problems=("not_found",),
    ),
    Operation(
        "POST",
        "/v1/admin/queues/{queue}/purge",
        "purgeQueue",
        TAG,
        "Empty a queue",
        (Answer(HTTPStatus.ACCEPTED, "It is being emptied.", PurgeView),),
        "The body repeats the queue's name: what is in it is lost.",
        (_QUEUE,),
        RequestBody({JSON: PurgeRequest}, {JSON: {"confirm": "caption"}}),
        (*JSON_BODY, "not_found", "not_confirmed"),
    ),
    _read(
        "/v1/admin/providers",
        "listProviders",
        "How each provider does",
        ProviderList,
        {
            "providers": [
                {
                    "name": "local",
                    "model": "scene-1",
                    "configured": True,
                    "enabled": True,
                    "circuit": "closed",
                    "p50_ms": 240,
                    "p95_ms": 610,
                    "success_rate": 0.998,
                    "last_error": None,
                    "last_error_at": None,
                    "cost_usd_24h": 0.0,
                    "held": None,
                    "end_of_life": None,
                }
            ]
        },
    ),
    Operation(
        "PATCH",
        "/v1/admin/providers/{provider}",
        "switchProvider",
        TAG,
        "Take a provider out of the chain, or put it back",
        (Answer(HTTPStatus.OK, "Every captioner knows within ten seconds.", ProviderSwitchView),),
        parameters=(
            Parameter(
                "provider", "path", "Which one.", {"type": "string", "enum": [*KNOWN]}, "bedrock"
            ),
        ),
        body=RequestBody({JSON: SwitchRequest}, {JSON: {"enabled": False}}),
        problems=(*JSON_BODY, "not_found"),
    ),
    Operation(
        "GET",
        "/v1/admin/usage",
        "getUsage",
        TAG,
        "What was done, and what it cost",
        (
            Answer(
                HTTPStatus.OK,
                "Day by day, today first, and the last 48 hours, the newest first.",
                UsageView,
            ),
        ),
        parameters=(
            Parameter(
                "days",
                "query",
                "How many days.",
                {"type": "integer", "minimum": 1, "maximum": DAYS_MAX, "default": DAYS_DEFAULT},
            ),
        ),
    ),
)
