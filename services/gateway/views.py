"""Records as the API shows them, with URLs that open without a token for an hour."""

from datetime import UTC, datetime
from typing import Any

from services.gateway.signing import CredentialSource
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
from shared.presign import Credentials, Presigner
from shared.records import ImageRecord, StoredImage, timestamp


class Views:
    """Builds views, signing URLs with the credentials of the moment."""

    def __init__(self, presigner: Presigner, credentials: CredentialSource) -> None:
        self._presigner = presigner
        self._credentials = credentials

    async def urls_end(self) -> float:
        """Until when a URL opens that is signed now, in Unix seconds."""
        return self._presigner.ends_at(await self._credentials.current())

    async def view(self, record: ImageRecord) -> ImageView:
        """``record`` for its owner."""
        return (await self.views([record]))[0]

    async def views(self, records: list[ImageRecord]) -> list[ImageView]:
        """``records`` for their owner, in their order."""
        credentials = await self._credentials.current()
        return [self._view(record, credentials) for record in records]

    def _view(self, record: ImageRecord, credentials: Credentials) -> ImageView:
        original, thumbnail = record.original, record.thumbnail
        return ImageView(
            image_id=record.image_id,
            status=record.status,
            version=record.version,
            created_at=record.timestamp,
            updated_at=record.updated_at,
            batch=record.batch,
            original=original
            and OriginalView(sha256=original.sha256, **self._stored(original, credentials)),
            thumbnail=thumbnail and ThumbnailView(**self._stored(thumbnail, credentials)),
            labels=_labels(record),
            photo=_photo(record),
            captions=_captions(record),
            provider=_provider(record),
            timeline=[
                TimelineView(
                    stage=entry.stage, started_at=entry.started_at, duration_ms=entry.duration_ms
                )
                for entry in record.timeline
            ],
            error=record.error and ErrorView(**record.error.model_dump()),
        )

    def _stored(self, image: StoredImage, credentials: Credentials) -> dict[str, Any]:
        signed = self._presigner.get_url(image.key, credentials)
        return {
            "content_type": image.content_type,
            "bytes": image.bytes,
            "width": image.width,
            "height": image.height,
            "url": signed.url,
            "url_expires_at": timestamp(datetime.fromtimestamp(signed.expires_at, UTC)),
        }


def _labels(record: ImageRecord) -> list[LabelView] | None:
    if record.label_details is None:
        return None
    return [
        LabelView(name=label.name, confidence=label.confidence, source=label.source)
        for label in record.label_details
    ]


def _photo(record: ImageRecord) -> PhotoView | None:
    if record.taken_at is None and record.camera is None:
        return None
    return PhotoView(taken_at=record.taken_at, camera=record.camera)


def _captions(record: ImageRecord) -> CaptionsView | None:
    concise = record.edited_concise or record.concise_caption
    creative = record.edited_creative or record.creative_caption
    # An empty one is an edit too: it says that the photo is decoration.
    alt_text = record.alt_text if record.edited_alt_text is None else record.edited_alt_text
    if concise is None or creative is None or alt_text is None:
        return None
    return CaptionsView(
        concise=concise,
        creative=creative,
        alt_text=alt_text,
        language=record.caption_language or record.options.language,
        edited=record.edited_at is not None,
        edited_at=record.edited_at,
    )


def _provider(record: ImageRecord) -> ProviderView | None:
    if record.provider is None:
        return None
    return ProviderView(
        name=record.provider.name,
        model=record.provider.model,
        degraded=record.provider.degraded,
        attempts=list(record.provider.attempts),
    )
