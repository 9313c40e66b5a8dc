"""Bodies of the gateway's answers: the contract that the UI, programs and benchmarks rely on.

Fields may be added; none may change meaning. Times are RFC 3339 in UTC with milliseconds,
durations integer milliseconds.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import FailureCode
from shared.records import Attempt, Status


class Body(BaseModel):
    """Base of all bodies. Readers ignore fields that they don't know."""

    # An error's text ends up in logs, which must not have captions.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class ThumbnailView(Body):
    """A stored picture. ``url`` opens without a token until ``url_expires_at``."""

    content_type: str
    bytes: int
    width: int = Field(description="pixels, as displayed")
    height: int = Field(description="pixels, as displayed")
    url: str
    url_expires_at: str


class OriginalView(ThumbnailView):
    """The stored original, stripped of its metadata."""

    sha256: str | None = Field(default=None, description="of the stored, stripped file")


class LabelView(Body):
    """A thing in the photo."""

    name: str
    confidence: float = Field(ge=0, le=1)
    source: str


class PhotoView(Body):
    """What the camera wrote, kept because the owner asked for it."""

    taken_at: str | None = Field(
        default=None,
        description="by the camera's clock: RFC 3339 with its own offset from UTC; without an "
        "offset where the file has none",
    )
    camera: str | None = None


class CaptionsView(Body):
    """The texts as shown: the user's edits where there are any."""

    concise: str
    creative: str
    alt_text: str
    language: str
    edited: bool = False
    edited_at: str | None = None


class ProviderView(Body):
    """Who wrote the captions, and every try on the way there."""

    name: str
    model: str
    degraded: bool
    attempts: list[Attempt] = []


class TimelineView(Body):
    """One finished stage."""

    stage: Literal["queued", "ingest", "labels", "caption"]
    started_at: str
    duration_ms: int


class ErrorView(Body):
    """Why a photo failed."""

    code: FailureCode
    detail: str
    retryable: bool
    stage: str


class ImageView(Body):
    """One image. Parts that are not known yet are ``null``."""

    image_id: str
    status: Status
    version: int
    created_at: str
    updated_at: str
    batch: str | None = None
    original: OriginalView | None = None
    thumbnail: ThumbnailView | None = None
    labels: list[LabelView] | None = None
    photo: PhotoView | None = None
    captions: CaptionsView | None = None
    provider: ProviderView | None = None
    timeline: list[TimelineView] = []
    error: ErrorView | None = None


class ImagePage(Body):
    """A page of images, newest first. ``next_cursor`` is ``null`` on the last one."""

    items: list[ImageView]
    next_cursor: str | None = None


class BatchCounts(Body):
    """How many images of a batch have which status."""

    total: int = 0
    queued: int = 0
    ingesting: int = 0
    captioning: int = 0
    completed: int = 0
    failed: int = 0


class BatchView(Body):
    """A batch. ``complete`` is false where only its newest images were counted."""

    batch: str
    counts: BatchCounts
    complete: bool = True


class DirectUploadView(Body):
    """Where to POST the file: ``fields`` first, the file last, as ``multipart/form-data``."""

    upload_id: str
    url: str
    fields: dict[str, str]
    expires_at: str


class QuotaView(Body):
    """The bucket of captions. It is full again at ``resets_at``."""

    limit: int
    window_s: int
    remaining: int
    resets_at: str


class AccountView(Body):
    """The caller. ``images_complete`` is false where only the newest images were counted."""

    user_id: str
    groups: list[str]
    quota: QuotaView
    images: int
    images_complete: bool = True
    retention_days: int


class ExportPartView(Body):
    """A part of an export: a ZIP of at most 2 GB, made when ``url`` is fetched with a token."""

    part: int
    images: int
    max_bytes: int = Field(description="the ZIP is not larger")
    url: str


class ExportView(Body):
    """An export that is too large for one answer. ``parts`` is ``null`` until they are listed."""

    export_id: str
    created_at: str
    expires_at: str
    parts: list[ExportPartView] | None = None


class DeletionCounts(Body):
    """What went."""

    records: int
    objects: int
    object_versions: int


class DeletionView(Body):
    """The receipt of a deletion of everything."""

    deletion_id: str
    status: Literal["running", "completed"]
    deleted: DeletionCounts
    requested_at: str
    completed_at: str | None = None


class FieldFault(Body):
    """One bad field of a request. ``pointer`` is a JSON pointer or the name of a parameter."""

    pointer: str
    message: str


class ProblemBody(Body):
    """An error, as RFC 9457 has it. ``code`` is stable; ``retryable`` says if waiting helps."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    trace_id: str | None = None
    retryable: bool
    errors: list[FieldFault] | None = None
