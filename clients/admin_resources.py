"""The gateway's answers to operators, as open to newer gateways as those of ``resources``."""

from pydantic import Field

from clients.resources import Open
from shared.admin_api import (
    DayUsageView,
    DeadLetterList,
    DeadLetterView,
    HourUsageView,
    ProviderHealthView,
    ProviderList,
    ProviderSwitchView,
    PurgeView,
    QueueHistoryView,
    QueueList,
    QueuePointView,
    QueueView,
    RedriveView,
    UsageView,
)

# A reader takes more than the writer promises, which a type checker rightly questions.
# mypy: disable-error-code="assignment"


class Queue(Open, QueueView):
    """A queue now; ``oldest_age_s`` is how long its oldest message has waited, in seconds."""

    name: str
    visible: int = 0
    in_flight: int = 0
    delayed: int = 0
    dead_letters: int = 0


class Queues(Open, QueueList):
    """All queues."""

    queues: list[Queue]


class QueuePoint(Open, QueuePointView):
    """A queue as it was at a moment."""

    queue: str
    visible: int = 0
    in_flight: int = 0
    dead_letters: int = 0


class QueueHistory(Open, QueueHistoryView):
    """How the queues went, oldest first."""

    points: list[QueuePoint] = Field(default=[])


class DeadLetter(Open, DeadLetterView):
    """A message that was given up on."""

    reason: str = ""
    tries: int = 0


class DeadLetters(Open, DeadLetterList):
    """Some of a queue's dead letters."""

    queue: str
    items: list[DeadLetter]


class Redrive(Open, RedriveView):
    """Dead letters on their way back."""

    queue: str
    status: str = ""
    messages: int = 0


class Purge(Open, PurgeView):
    """A queue that is being emptied."""

    queue: str
    status: str = ""


class ProviderHealth(Open, ProviderHealthView):
    """A provider in the last hour."""

    configured: bool = False
    circuit: str | None = None
    success_rate: float | None = None
    cost_usd_24h: float = 0


class Providers(Open, ProviderList):
    """All providers, the configured ones first, in the order in which they are asked."""

    providers: list[ProviderHealth]


class ProviderSwitch(Open, ProviderSwitchView):
    """Whether a provider is to be asked."""


class DayUsage(Open, DayUsageView):
    """What was done on one day (UTC)."""

    requests: int = 0
    server_errors: int = 0
    uploads_refused: int = 0
    accepted: int = 0
    ingested: int = 0
    completed: int = 0
    failed: int = 0
    fallbacks: int = 0
    degraded: int = 0
    cached: int = 0
    cost_usd: float = 0
    cost_usd_by_provider: dict[str, float] = Field(default={})


class HourUsage(Open, HourUsageView):
    """What came to its end in one hour (UTC)."""

    completed: int = 0
    failed: int = 0


class Usage(Open, UsageView):
    """The last days, today first, and the last 48 hours, the newest first."""

    days: list[DayUsage]
    hours: list[HourUsage] = Field(default=[])
