"""A photo in the fake gateway: where it is after so many seconds, and what is known of it then."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Literal

from PIL import Image

from shared.api import (
    CaptionsView,
    ErrorView,
    ImageView,
    LabelView,
    OriginalView,
    PhotoView,
    ProviderView,
    ThumbnailView,
    TimelineView,
)
from shared.errors import FailureCode
from shared.media import MediaType, media_type_of
from shared.records import Attempt, Status, timestamp

PREPARED, DONE = 2, 3
_STATUSES = (Status.QUEUED, Status.INGESTING, Status.CAPTIONING, Status.COMPLETED)
_PASSING = frozenset({"providers_exhausted", "timed_out", "internal_error"})
# What comes to light only once a photo is prepared.
_OF_CAPTIONING = frozenset({"providers_exhausted", "timed_out"})
_CHAIN = {
    "bedrock": "us.anthropic.claude-haiku-5-5",
    "sagemaker": "blip-large",
    "huggingface": "Qwen/Qwen3-VL-8B-Instruct",
    "local": "fake",
}
_OPENINGS = {"de": "Ein Foto in", "fr": "Une photo en", "es": "Una foto en"}
_LABELS = (("Cat", 0.98, "rekognition"), ("Sofa & <i>mat</i>", 0.81, "rekognition"))


@dataclass
class Photo:
    """One photo. ``since`` is when its job began, at which of the steps is ``begun_at``.

    ``code`` is what it comes to nothing by; another try helps where the contract says so.
    """

    image_id: str
    owner: str
    data: bytes = field(repr=False)
    batch: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    degraded: bool = True
    made: float = field(default_factory=time.time)  # Unix seconds
    since: float = field(default_factory=time.monotonic)
    begun_at: int = 0
    step: int = 0
    version: int = 1
    updated: float = field(default_factory=time.time)  # Unix seconds
    code: FailureCode | None = None
    take: int = 0
    provider: str | None = None
    edits: dict[str, str] = field(default_factory=dict)
    edited_at: str | None = None
    text: str = ""
    size: tuple[int, int] = (0, 0)
    thumbnail: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        self.updated = self.made
        if media_type_of(self.data[:64]) is None:
            self.code = self.code or "unsupported_media_type"
            return
        try:
            self._look()
        except OSError:
            self.code = self.code or "undecodable_image"

    @property
    def media_type(self) -> MediaType | None:
        return media_type_of(self.data[:64])

    def move(self, step_s: float) -> None:
        """On to where it is by now; it never goes back."""
        gone = DONE if step_s == 0 else max(0, int((time.monotonic() - self.since) / step_s))
        step = min(self._last, self.begun_at + gone)
        if step > self.step:
            self.version += step - self.step
            self.step, self.updated = step, time.time()

    def begin(self, step: int) -> None:
        """A new job, from this step on."""
        self.since, self.begun_at, self.step = time.monotonic(), step, step
        self.touch()

    def touch(self) -> None:
        """Something changed that a reader can see."""
        self.version += 1
        self.updated = time.time()

    @property
    def status(self) -> Status:
        if self.code is not None and self.step >= self._last:
            return Status.FAILED
        return _STATUSES[self.step]

    @property
    def retryable(self) -> bool:
        return self.code in _PASSING

    @property
    def _last(self) -> int:
        return DONE if self.code is None or self.code in _OF_CAPTIONING else PREPARED

    @property
    def is_prepared(self) -> bool:
        return bool(self.thumbnail) and self.step >= PREPARED and not self._failed_early

    @property
    def _failed_early(self) -> bool:
        return self.code is not None and self.code not in _OF_CAPTIONING

    def captions(self) -> CaptionsView | None:
        """The texts: the owner's where there are any, and others with every take."""
        if self.status is not Status.COMPLETED:
            return None
        language = self.options.get("language") or "en"
        opening = _OPENINGS.get(language.split("-")[0], "A photo in")
        again = f", take {self.take + 1}" if self.take else ""
        style = f" In the style: {self.options['style']}." if self.options.get("style") else ""
        made = {
            "concise": f"{opening} <b>{self.text}</b> & *more*{again}",
            "creative": f"Light of {self.text} stays where the afternoon left it{again}.{style}",
            "alt_text": f"A scene dominated by the colour {self.text}{again}",
        }
        return CaptionsView(
            **made | self.edits,
            language=language,
            edited=self.edited_at is not None,
            edited_at=self.edited_at,
        )

    def labels(self) -> list[LabelView] | None:
        if not self.is_prepared or self.options.get("labels") in (False, "false"):
            return None
        return [LabelView(name=name, confidence=sure, source=by) for name, sure, by in _LABELS]

    def view(self, base_url: str) -> ImageView:
        """The whole answer of the contract."""
        return ImageView(
            image_id=self.image_id,
            status=self.status,
            version=self.version,
            created_at=_moment(self.made),
            updated_at=_moment(self.updated),
            batch=self.batch,
            original=self._original(base_url) if self.is_prepared else None,
            thumbnail=self._thumbnail(base_url) if self.is_prepared else None,
            labels=self.labels(),
            photo=self._camera(),
            captions=self.captions(),
            provider=self._provider() if self.status is Status.COMPLETED else None,
            timeline=self._timeline(),
            error=self._error() if self.status is Status.FAILED else None,
        )

    def _look(self) -> None:
        with Image.open(BytesIO(self.data)) as image:
            self.size = image.size
            image.thumbnail((300, 300))
            small = image.convert("RGB")
        out = BytesIO()
        small.save(out, "JPEG")
        self.thumbnail = out.getvalue()
        colour = small.resize((1, 1)).tobytes()
        self.text = f"#{colour[0]:02x}{colour[1]:02x}{colour[2]:02x}"

    def _original(self, base_url: str) -> OriginalView:
        media_type = self.media_type
        return OriginalView(
            content_type=media_type.content_type if media_type else "",
            bytes=len(self.data),
            width=self.size[0],
            height=self.size[1],
            url=f"{base_url}/originals/{self.image_id}",
            url_expires_at="2126-11-22T12:00:00.000Z",
        )

    def _thumbnail(self, base_url: str) -> ThumbnailView:
        longest = max(*self.size, 300)
        return ThumbnailView(
            content_type="image/jpeg",
            bytes=len(self.thumbnail),
            width=max(1, self.size[0] * 300 // longest),
            height=max(1, self.size[1] * 300 // longest),
            url=f"{base_url}/thumbnails/{self.image_id}",
            url_expires_at="2126-11-22T12:00:00.000Z",
        )

    def _camera(self) -> PhotoView | None:
        if not self.is_prepared or self.options.get("keep_exif") not in (True, "true"):
            return None
        return PhotoView(taken_at="2026-05-01T18:04:09+02:00", camera="Fuji X100V")

    def _provider(self) -> ProviderView:
        name = self.provider or ("local" if self.degraded else "bedrock")
        passed_over = [] if self.provider else list(_CHAIN)[: list(_CHAIN).index(name)]
        return ProviderView(
            name=name,
            model=_CHAIN[name],
            degraded=name != "bedrock",
            attempts=[*map(_passed_over, passed_over), _answered(name)],
        )

    def _timeline(self) -> list[TimelineView]:
        """What has ended, one after the other."""
        stages: list[tuple[Literal["queued", "ingest", "labels", "caption"], int]] = []
        if self.step >= PREPARED:
            stages += [("queued", 40), ("ingest", 320), ("labels", 210)]
        if self.step >= DONE:
            stages += [("queued", 25), ("caption", 1480)]
        begun = self.made
        told = []
        for stage, took in stages:
            told.append(
                TimelineView(stage=stage, started_at=_moment(begun), duration_ms=took),
            )
            begun += took / 1000
        return told

    def _error(self) -> ErrorView:
        return ErrorView(
            code=self.code or "internal_error",
            detail="It came to nothing.",
            retryable=self.retryable,
            stage="ingest" if self._failed_early else "caption",
        )


def _answered(name: str) -> Attempt:
    paid = name in {"bedrock", "huggingface"}
    return Attempt(
        provider=name,
        model=_CHAIN[name],
        outcome="ok",
        duration_ms=1240 if paid else 310,
        input_tokens=1630 if paid else None,
        output_tokens=82 if paid else None,
        cost_usd=0.0012 if paid else None,
    )


def _passed_over(name: str) -> Attempt:
    if name == "sagemaker":
        return Attempt(provider=name, model=_CHAIN[name], outcome="circuit_open", duration_ms=0)
    return Attempt(
        provider=name,
        model=_CHAIN[name],
        outcome="throttled" if name == "bedrock" else "timeout",
        reason="ThrottlingException" if name == "bedrock" else None,
        duration_ms=180 if name == "bedrock" else 8000,
    )


def _moment(seconds: float) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC))
