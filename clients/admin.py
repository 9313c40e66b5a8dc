"""The gateway's HTTP API for its operators, typed. Safe to use from several threads."""

import json
from collections.abc import Mapping
from urllib.parse import quote

from clients.admin_resources import (
    DeadLetters,
    Providers,
    ProviderSwitch,
    Purge,
    QueueHistory,
    Queues,
    Redrive,
    Usage,
)
from clients.answers import Answer, parsed
from clients.connection import Call, Connection

_ROOT = "/v1/admin"


class AdminApi:
    """Calls of a member of the group ``admins``: ``CaptionApi.admin`` has one.

    All raise what those of ``CaptionApi`` raise; for anybody else that is ``Refused`` with status
    403.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queues(self) -> Queues:
        """How full the queues are, about."""
        return self._get(Queues, "/queues")

    def queue_history(self, *, hours: int = 6) -> QueueHistory:
        """How full they were in the last hours, a point a minute for each."""
        return self._get(QueueHistory, "/queues/history", {"hours": str(hours)})

    def dead_letters(self, queue: str, *, limit: int = 20) -> DeadLetters:
        """Up to ``limit`` (1 to 100) dead letters of ``queue``; they stay where they are. Takes the
        gateway up to eight seconds.
        """
        return self._get(DeadLetters, f"/dead-letters/{_quoted(queue)}", {"limit": str(limit)})

    def redrive(self, queue: str) -> Redrive:
        """Send the dead letters of ``queue`` back to it."""
        return parsed(
            Redrive,
            self._connection.call(Call("POST", f"{_ROOT}/queues/{_quoted(queue)}/redrive")),
        )

    def purge(self, queue: str) -> Purge:
        """Delete, for good, all messages of exactly ``queue``; dead letters are in
        ``<queue>-dlq``.
        """
        path = f"/queues/{_quoted(queue)}/purge"
        return self._send(Purge, "POST", path, {"confirm": queue})

    def providers(self) -> Providers:
        """How the providers of captions do."""
        return self._get(Providers, "/providers")

    def switch_provider(self, name: str, *, enabled: bool) -> ProviderSwitch:
        """Have a provider asked or not; every captioner knows within ten seconds."""
        path = f"/providers/{_quoted(name)}"
        # Said twice it means the same.
        return self._send(ProviderSwitch, "PATCH", path, {"enabled": enabled}, repeatable=True)

    def usage(self, *, days: int = 7) -> Usage:
        """What was done on each of the last ``days`` (1 to 90), today first."""
        return self._get(Usage, "/usage", {"days": str(days)})

    def _get(
        self, model: type[Answer], path: str, params: Mapping[str, str] | None = None
    ) -> Answer:
        return parsed(model, self._connection.call(Call("GET", _ROOT + path, params=params)))

    def _send(
        self,
        model: type[Answer],
        method: str,
        path: str,
        body: Mapping[str, object],
        *,
        repeatable: bool | None = None,
    ) -> Answer:
        call = Call(
            method,
            _ROOT + path,
            headers={"Content-Type": "application/json"},
            data=json.dumps(body).encode(),
            repeatable=repeatable,
        )
        return parsed(model, self._connection.call(call))


def _quoted(name: str) -> str:
    return quote(name, safe="")
