"""The gateway's answers as the page reads them: only the parts it shows.

Unknown fields are ignored and every part that may still be unknown is optional, so that a
newer gateway never breaks an older page.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Resource(BaseModel):
    """What all answers share."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Picture(Resource):
    """A stored file; ``url`` is presigned and opens for an hour."""

    content_type: str | None = None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    url: str | None = None


class Captions(Resource):
    """The three texts."""

    concise: str | None = None
    creative: str | None = None
    alt_text: str | None = None


class Label(Resource):
    """One thing that was seen; ``confidence`` is 0 to 1."""

    name: str
    confidence: float | None = None


class Provider(Resource):
    """Who wrote the captions."""

    name: str
    model: str | None = None
    degraded: bool = False


class Failure(Resource):
    """Why a photo got no captions."""

    code: str
    detail: str | None = None
    retryable: bool = False


class Photo(Resource):
    """One image resource (api.md, "Read one image")."""

    image_id: str
    status: str
    created_at: datetime | None = None
    batch: str | None = None
    original: Picture | None = None
    thumbnail: Picture | None = None
    labels: list[Label] | None = None
    captions: Captions | None = None
    provider: Provider | None = None
    error: Failure | None = None

    @property
    def settled(self) -> bool:
        """Nothing more will happen by itself."""
        return self.status in {"completed", "failed"}


class PhotoPage(Resource):
    """A page of the list, newest first; ``next_cursor`` is null on the last."""

    items: list[Photo]
    next_cursor: str | None = None


class Problem(Resource):
    """An error body (RFC 9457) as far as the page acts on it."""

    code: str = "unknown"
    detail: str | None = None
    retryable: bool = False
