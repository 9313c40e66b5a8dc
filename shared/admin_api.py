"""Bodies of the gateway's answers to operators: the part of the contract under ``/v1/admin``."""

from typing import Literal

from pydantic import Field

from shared.api import Body

QueueName = Literal["ingest", "caption"]
QueueOrDeadLetters = Literal["ingest", "ingest-dlq", "caption", "caption-dlq"]


class QueueView(Body):
    """A queue's approximate counts. ``oldest_age_s`` is ``null`` where CloudWatch has none."""

    name: QueueName
    visible: int
    in_flight: int
    delayed: int
    oldest_age_s: int | None = None
    dead_letters: int


class QueueList(Body):
    """All queues."""

    queues: list[QueueView]


class QueuePointView(Body):
    """A queue in the minute ``at``, or at its fullest in the minutes until the next point."""

    at: str
    queue: QueueName
    visible: int
    in_flight: int
    oldest_age_s: int | None = None
    dead_letters: int


class QueueHistoryView(Body):
    """How full the queues were, oldest first. Minutes in which nobody could look are missing."""

    points: list[QueuePointView]


class DeadLetterView(Body):
    """A message that was given up on. Of its body only what names the job is shown.

    ``user`` is a keyed hash: two letters of one user look alike, and name nobody.
    """

    message_id: str
    reason: str
    tries: int
    sent_at: str | None = None
    kind: str | None = None
    image_id: str | None = None
    job: str | None = None
    user: str | None = None
    trace_id: str | None = None


class DeadLetterList(Body):
    """Some of a queue's dead letters; they stay where they are."""

    queue: QueueName
    items: list[DeadLetterView]


class RedriveView(Body):
    """Dead letters are on their way back. ``messages`` is how many there were, about."""

    queue: QueueName
    status: Literal["started"] = "started"
    messages: int


class PurgeView(Body):
    """A queue is being emptied, which takes SQS up to a minute."""

    queue: QueueOrDeadLetters
    status: Literal["started"] = "started"


class ProviderHealthView(Body):
    """A provider, as all running captioners together found it in the last hour.

    ``enabled`` is false while an operator keeps it from being asked. ``circuit`` is ``null`` for
    one that is not configured; the durations and the rate are ``null``
    where nothing was asked of it. ``last_error`` is the kind of the latest failure. ``held`` is why
    captioners pass it over, ``switched_off`` or ``over_budget``. ``end_of_life`` is the last day of
    its model, where the settings tell.
    """

    name: str
    model: str | None = None
    configured: bool
    enabled: bool = True
    circuit: Literal["closed", "open", "half_open"] | None = None
    p50_ms: int | None = None
    p95_ms: int | None = None
    success_rate: float | None = Field(default=None, ge=0, le=1)
    last_error: str | None = None
    last_error_at: str | None = None
    cost_usd_24h: float
    held: str | None = None
    end_of_life: str | None = Field(default=None, description="YYYY-MM-DD")


class ProviderList(Body):
    """All providers there are, the configured ones first, in their order."""

    providers: list[ProviderHealthView]


class ProviderSwitchView(Body):
    """What every captioner knows within ten seconds."""

    name: str
    enabled: bool


class DayUsageView(Body):
    """What was done on one day (UTC). Durations run from submission to captions."""

    day: str
    requests: int
    server_errors: int
    uploads_refused: int
    accepted: int
    ingested: int
    completed: int
    failed: int
    failed_by_code: dict[str, int] = Field(default={})
    fallbacks: int
    degraded: int
    cached: int
    p50_ms: int | None = None
    p95_ms: int | None = None
    cost_usd: float
    cost_usd_by_provider: dict[str, float]


class HourUsageView(Body):
    """How many photos came to their end in the hour that began at ``hour``."""

    hour: str
    completed: int
    failed: int


class UsageView(Body):
    """The last days, today first, and the last 48 hours, the one that has just begun first."""

    days: list[DayUsageView]
    hours: list[HourUsageView] = Field(default=[])
