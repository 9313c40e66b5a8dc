"""The gateway's answers as a program reads them: the contract's models, open to newer gateways.

Unknown fields are ignored, a null counts as absent, and where the contract has a closed list a
value from a newer gateway is kept as the text it is. An image that has lost a part is still read;
its id, status, version and times are always there.
"""

from collections.abc import Mapping

from pydantic import Field, model_validator

from shared.api import (
    AccountView,
    BatchCounts,
    BatchView,
    Body,
    CaptionsView,
    DeletionView,
    DirectUploadView,
    ErrorView,
    ExportPartView,
    ExportView,
    ImagePage,
    ImageView,
    LabelView,
    OriginalView,
    PhotoView,
    ProviderView,
    QuotaView,
    ThumbnailView,
    TimelineView,
)
from shared.records import Attempt

# A reader takes more than the writer promises, which a type checker rightly questions.
# mypy: disable-error-code="assignment"


class Open(Body):
    """Base of all answers."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, answer: object) -> object:
        if not isinstance(answer, Mapping):
            return answer
        return {name: value for name, value in answer.items() if value is not None}


class Picture(Open, ThumbnailView):
    """A stored picture; ``url`` opens without a token for an hour."""

    content_type: str = ""
    bytes: int = 0
    width: int = 0
    height: int = 0
    url: str = ""
    url_expires_at: str = ""


class Original(Picture, OriginalView):
    """The stored original."""


class Label(Open, LabelView):
    """A thing in the photo."""

    confidence: float = 0
    source: str = ""


class Photo(Open, PhotoView):
    """When and with which camera it was taken, as the camera says."""


class Captions(Open, CaptionsView):
    """The texts, with the user's edits."""

    concise: str = ""
    creative: str = ""
    alt_text: str = ""
    language: str = ""


class Try(Open, Attempt):
    """One try of one provider."""

    outcome: str


class Provider(Open, ProviderView):
    """Who wrote the captions."""

    model: str = ""
    degraded: bool = False
    attempts: list[Try] = Field(default=[])


class Stage(Open, TimelineView):
    """One finished stage."""

    stage: str


class Failure(Open, ErrorView):
    """Why a photo failed."""

    code: str
    detail: str = ""
    retryable: bool = False
    stage: str = ""


class Image(Open, ImageView):
    """One image."""

    status: str
    original: Original | None = None
    thumbnail: Picture | None = None
    labels: list[Label] | None = None
    photo: Photo | None = None
    captions: Captions | None = None
    provider: Provider | None = None
    timeline: list[Stage] = Field(default=[])
    error: Failure | None = None

    @property
    def settled(self) -> bool:
        """Nothing more will happen to it by itself."""
        return self.status in {"completed", "failed"}


class Page(Open, ImagePage):
    """A page of images, newest first. ``etag`` is what ``images_if_changed`` asks with."""

    items: list[Image]
    etag: str | None = None


class Counts(Open, BatchCounts):
    """How many images of a batch have which status."""


class Batch(Open, BatchView):
    """A batch."""

    counts: Counts


class Quota(Open, QuotaView):
    """The bucket of captions."""


class Account(Open, AccountView):
    """The bearer of the token."""

    groups: list[str] = Field(default=[])
    quota: Quota


class DirectUpload(Open, DirectUploadView):
    """A form that takes one file."""


class ExportPart(Open, ExportPartView):
    """A part of a large export."""


class Export(Open, ExportView):
    """An export in parts; they are ``None`` until they are listed."""

    parts: list[ExportPart] | None = None


class Deletion(Open, DeletionView):
    """The receipt of a deletion of everything; it is final once ``completed``."""

    status: str

    @property
    def completed(self) -> bool:
        """Nothing is left, and the counts are final."""
        return self.status == "completed"
