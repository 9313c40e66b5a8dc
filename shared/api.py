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

    model_config = ConfigDict(frozen=True, extra="ignore")


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
    captions: CaptionsView | None = None
    provider: ProviderView | None = None
    timeline: list[TimelineView] = []
    error: ErrorView | None = None


class ImagePage(Body):
    """A page of images, newest first. ``next_cursor`` is ``null`` on the last one."""

    items: list[ImageView]
    next_cursor: str | None = None


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
