"""An operators' client in memory, on the same figures as the fake gateway's."""

from dataclasses import dataclass, field

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
from clients.problems import ApiError
from tests.unit.ui.fakes.operations_state import ENDS, Operations, failures


@dataclass
class FakeAdmin:
    """``faults`` are raised by the next calls, in order. ``calls`` are the changes asked for."""

    faults: list[ApiError] = field(default_factory=list)
    operations: Operations = field(default_factory=Operations)
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def queues(self) -> Queues:
        self._fail()
        queues = [queue.model_dump() for queue in self.operations.queues()]
        return Queues.model_validate({"queues": queues})

    def queue_history(self, *, hours: int = 6) -> QueueHistory:
        self._fail()
        return QueueHistory.model_validate({"points": self.operations.history(hours)})

    def dead_letters(self, queue: str, *, limit: int = 20) -> DeadLetters:
        self._fail()
        letters = [letter.model_dump() for letter in self.operations.letters[queue][:limit]]
        return DeadLetters.model_validate({"queue": queue, "items": letters})

    def redrive(self, queue: str) -> Redrive:
        self._fail()
        self.calls.append(("redrive", queue))
        moved = self.operations.redrive("ingest" if queue == "ingest" else "caption")
        return Redrive(queue=queue, status="started", messages=moved)

    def purge(self, queue: str) -> Purge:
        self._fail()
        self.calls.append(("purge", queue))
        self.operations.purge(queue)
        return Purge(queue=queue, status="started")

    def providers(self) -> Providers:
        self._fail()
        found = [
            provider.model_dump() | {"end_of_life": ENDS.get(provider.name)}
            for provider in self.operations.providers()
        ]
        return Providers.model_validate({"providers": found})

    def switch_provider(self, name: str, *, enabled: bool) -> ProviderSwitch:
        self._fail()
        self.calls.append(("switch_provider", name, str(enabled)))
        (self.operations.off.discard if enabled else self.operations.off.add)(name)
        return ProviderSwitch(name=name, enabled=enabled)

    def usage(self, *, days: int = 7) -> Usage:
        self._fail()
        found = [
            day.model_dump() | {"failed_by_code": failures(day.failed)}
            for day in self.operations.usage(days)
        ]
        hours = [hour.model_dump() for hour in self.operations.hours()]
        return Usage.model_validate({"days": found, "hours": hours})

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)
