"""An image's record: what is known of one photo, its statuses and the moves between them. No I/O.

The moves are data. ``record_store`` derives the condition of every write from them, so the
diagram in the docs, this file and DynamoDB can't disagree.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import CaptionOptions
from shared.errors import FailureCode

MAX_ATTEMPTS = 5  # claims of one stage of a job before the record fails
LOST_HOP_S = 30  # seconds after which an unsent hop is sent by the sweeper
LOST_MESSAGE_S = 15 * 60  # seconds after which a sent hop is looked at again
ACTIVE_SHARDS = 16


class Status(StrEnum):
    """Where a photo is on its way. The last two are terminal for a job, not for the record."""

    QUEUED = "queued"
    INGESTING = "ingesting"
    CAPTIONING = "captioning"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more happens to the photo unless its owner asks."""
        return self in {Status.COMPLETED, Status.FAILED}


MOVES: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.INGESTING, Status.FAILED}),
    # A stage's own status is a target too: a second attempt claims what the first one began.
    Status.INGESTING: frozenset({Status.INGESTING, Status.CAPTIONING, Status.FAILED}),
    Status.CAPTIONING: frozenset({Status.CAPTIONING, Status.COMPLETED, Status.FAILED}),
    Status.COMPLETED: frozenset({Status.CAPTIONING}),
    Status.FAILED: frozenset({Status.QUEUED, Status.CAPTIONING}),
}


Stage = Literal[Status.INGESTING, Status.CAPTIONING]

# The statuses in which a worker of a stage finds its work: new, or begun by an earlier attempt.
CLAIMABLE: dict[Stage, frozenset[Status]] = {
    Status.INGESTING: frozenset({Status.QUEUED, Status.INGESTING}),
    Status.CAPTIONING: frozenset({Status.CAPTIONING}),
}


def sources_of(target: Status) -> tuple[Status, ...]:
    """The statuses from which a record may move to ``target``."""
    return tuple(status for status, targets in MOVES.items() if target in targets)


class Part(BaseModel):
    """Base of the values inside a record. Unknown fields come from newer code and are kept out."""

    # An error's text ends up in logs, which must not have captions.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class StoredImage(Part):
    """One object in the bucket. ``width`` and ``height`` are in pixels, as displayed (upright)."""

    key: str
    content_type: str
    bytes: int
    width: int
    height: int
    sha256: str | None = None


class Label(Part):
    """A thing in the photo. ``confidence`` is between 0 and 1."""

    name: str
    confidence: float
    source: Literal["rekognition", "local"]


# How one try of a provider ended, as the contract says it.
Outcome = Literal[
    "ok",
    "throttled",
    "timeout",
    "error",
    "invalid_output",
    "refused",
    "circuit_open",
    "unsupported",
]


class Attempt(Part):
    """One try of one provider; every try is kept, so that an operator sees why."""

    provider: str
    model: str
    outcome: Outcome
    reason: str | None = None
    duration_ms: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class Provider(Part):
    """Who wrote the captions. ``degraded``: not the first provider configured, or the local one."""

    name: str
    model: str
    degraded: bool
    attempts: tuple[Attempt, ...] = ()


class StageTime(Part):
    """When a stage began and how long it took."""

    stage: Literal["queued", "ingest", "labels", "caption"]
    started_at: str
    duration_ms: int


class Failure(Part):
    """Why a photo failed, for its owner."""

    code: FailureCode
    detail: str
    retryable: bool
    stage: Literal["queued", "ingest", "caption"]


class ImageRecord(Part):
    """The record as stored: ``PK = USER#{user_id}``, ``SK = IMAGE#{image_id}``.

    ``job`` changes on submit, retry and caption-again. ``sent`` says whether the message of the
    current hop is known to be on its queue; ``hop_started_at`` is when that hop was decided and
    ``claimed_at`` when a worker last took it up. ``lease_id`` and ``lease_until`` (Unix seconds)
    belong to the worker that holds the job. ``check_at`` (Unix seconds) is when the sweeper looks.
    """

    user_id: str
    image_id: str
    status: Status
    version: int = 1  # grows with every change that a reader of the API can see
    epoch: int = 0
    job: str
    sent: bool = False
    attempts_made: int = 0
    lease_id: str | None = None
    lease_until: float | None = None
    check_at: float | None = None
    ttl: int  # Unix seconds
    timestamp: str
    updated_at: str
    hop_started_at: str
    claimed_at: str | None = None
    batch: str | None = None
    options: CaptionOptions = CaptionOptions()
    upload_key: str
    upload_version: str | None = None  # the version to read
    upload_once: bool = False  # and there can be no other
    upload_sha256: str | None = None  # in hexadecimal
    idempotency_key: str | None = None  # the client's; its item goes with the image
    original: StoredImage | None = None
    thumbnail: StoredImage | None = None
    model_input: StoredImage | None = None
    labels: tuple[str, ...] | None = None
    label_details: tuple[Label, ...] | None = None
    moderation: tuple[str, ...] | None = None  # what a model would warn of; for operators only
    taken_at: str | None = None  # by the camera's clock; without an offset if the file has none
    camera: str | None = None
    concise_caption: str | None = None
    creative_caption: str | None = None
    alt_text: str | None = None
    caption_language: str | None = None
    edited_concise: str | None = None
    edited_creative: str | None = None
    edited_alt_text: str | None = None
    edited_at: str | None = None
    provider: Provider | None = None
    cache_keys: tuple[str, ...] = ()  # of the caption cache's items made for it, latest last
    timeline: tuple[StageTime, ...] = ()
    error: Failure | None = None
    # The job that is to replace degraded captions, and how many of those there were.
    upgrade_job: str | None = None
    upgrade_tries: int = 0

    @property
    def is_upgrading(self) -> bool:
        """Whether the job that runs replaces captions that nobody asked to have replaced."""
        return self.upgrade_job == self.job

    @property
    def is_captioned(self) -> bool:
        """Whether there are captions to be read, edited and downloaded."""
        return self.status is Status.COMPLETED or self.is_upgrading

    def is_expired(self, now: float) -> bool:
        """Whether the retention has passed (``now`` in Unix seconds); DynamoDB deletes later."""
        return self.ttl <= now

    def stage_times(self, stage: Literal["ingest", "caption"], now: str) -> tuple[StageTime, ...]:
        """The timeline once ``stage`` ends at ``now``: the wait for it, then the stage itself."""
        claimed = self.claimed_at or now
        return (
            *self.timeline,
            StageTime(
                stage="queued",
                started_at=self.hop_started_at,
                duration_ms=_milliseconds_between(self.hop_started_at, claimed),
            ),
            StageTime(
                stage=stage,
                started_at=claimed,
                duration_ms=_milliseconds_between(claimed, now),
            ),
        )


class Refusal(StrEnum):
    """Why a worker may not claim what a message names, which decides the message's fate."""

    GONE = "gone"  # deleted: settle, and see that nothing of it comes back
    SUPERSEDED = "superseded"  # on another job: settle
    FINISHED = "finished"  # this stage of the job is done: settle
    UNSENT_HOP = "unsent_hop"  # this stage is done, its next message may be missing: send, settle
    LEASED = "leased"  # another worker is at it: come back when its lease ends
    EXHAUSTED = "exhausted"  # tried too often: fail the record


def refusal_of(record: ImageRecord | None, *, job: str, stage: Stage, now: float) -> Refusal | None:
    """Why ``job`` may not be claimed for ``stage`` at ``now`` (Unix seconds), if it may not."""
    if record is None:
        return Refusal.GONE
    if record.job != job:
        return Refusal.SUPERSEDED
    if record.status not in CLAIMABLE[stage]:
        moved_on = record.status is Status.CAPTIONING and not record.sent
        return Refusal.UNSENT_HOP if moved_on else Refusal.FINISHED
    if record.lease_until is not None and record.lease_until > now:
        return Refusal.LEASED
    if record.attempts_made >= MAX_ATTEMPTS:
        return Refusal.EXHAUSTED
    return None


class IngestResult(Part):
    """What ingest adds to a record. ``labelling`` is the time that the labels took."""

    original: StoredImage
    thumbnail: StoredImage
    model_input: StoredImage
    upload_sha256: str | None = None
    labels: tuple[Label, ...] | None = None
    moderation: tuple[str, ...] | None = None
    labelling: StageTime | None = None
    taken_at: str | None = None
    camera: str | None = None


class CaptionResult(Part):
    """What the captioner adds to a record. ``labels`` only where ingest found none; ``cache_keys``
    only where the caption cache is to hold this, under the last of them.
    """

    concise: str = Field(min_length=1)
    creative: str = Field(min_length=1)
    alt_text: str
    language: str
    provider: Provider
    labels: tuple[Label, ...] | None = None
    cache_keys: tuple[str, ...] | None = None


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, the form of every time in the contract."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds_between(start: str, end: str) -> int:
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return max(0, round(seconds * 1000))
