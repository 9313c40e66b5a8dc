"""Photos that have been through the pipeline, as a gateway finds them."""

from typing import Any

from services.gateway.identifiers import ImageIds
from shared.media import media_type_of
from shared.records import ImageRecord, Label, Provider, Status, StoredImage
from tests.integration.gateway.conftest import Gateway

NOW = "2026-11-22T12:00:00.000Z"
_ids = ImageIds()


def original_of(key: str, data: bytes, content_type: str | None = None) -> StoredImage:
    """What a record says of ``data``."""
    media_type = media_type_of(data[:64])
    known = media_type.content_type if media_type else "application/octet-stream"
    return StoredImage(
        key=key, content_type=content_type or known, bytes=len(data), width=4, height=3
    )


def finished_record(user: str, data: bytes, **changes: Any) -> ImageRecord:
    """The record of a photo that is completed, or differs from that in some fields."""
    image_id = _ids.new()
    values: dict[str, Any] = {
        "user_id": user,
        "image_id": image_id,
        "status": Status.COMPLETED,
        "job": "j",
        "ttl": 4_000_000_000,
        "timestamp": NOW,
        "updated_at": NOW,
        "hop_started_at": NOW,
        "upload_key": "k",
        "original": original_of(f"images/{user}/{image_id}/original", data),
        "label_details": (Label(name="Cat", confidence=0.9, source="local"),),
        "concise_caption": "A cat",
        "creative_caption": "A cat, asleep.",
        "alt_text": "A cat on a mat.",
        "caption_language": "en",
        "provider": Provider(name="local", model="m", degraded=True),
    }
    return ImageRecord.model_validate(values | changes)


async def finished(gateway: Gateway, data: bytes, **changes: Any) -> ImageRecord:
    """A completed photo of the gateway's user, its original stored."""
    record = finished_record(gateway.user, data, **changes)
    await gateway.records.create(record)
    if record.original is not None:
        await gateway.aws.s3.put_object(
            Bucket=gateway.settings.images_bucket, Key=record.original.key, Body=data
        )
    return record
