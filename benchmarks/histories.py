"""A user's history as our services store it: items of finished photos, and one under way."""

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, cast

from services.gateway.identifiers import ImageIds
from shared.control_items import ControlItems
from shared.items import to_attribute, to_item
from shared.object_store import image_object_key, upload_key
from shared.records import (
    Attempt,
    ImageRecord,
    Label,
    Provider,
    StageTime,
    Status,
    StoredImage,
    timestamp,
)

BATCH = "holiday"  # that all photos are of
_DAY_S = 24 * 3600
_LABELS = ("Cat", "Animal", "Mammal", "Pet", "Furniture", "Blanket", "Indoors", "Comfort")


def history(
    user: str, photos: int, *, hash_key: str
) -> tuple[Sequence[str], Sequence[dict[str, Any]]]:
    """The ids of ``photos`` images, the newest first, which is the only one not finished; and the
    items of them and of their owner, whose key is made with ``hash_key``.
    """
    now = time.time()
    ids = ImageIds()
    records = [_captioned(user, ids.new(), now - 60 * age) for age in range(photos, 0, -1)]
    records[-1] = _under_way(records[-1])
    owner = {
        # Of a store only its key is wanted.
        **ControlItems(cast("Any", None), hash_key.encode()).key(user),
        "tat": to_attribute(round(now * 1e6)),
        "ttl": to_attribute(round(now) + 120 * _DAY_S),
    }
    return [each.image_id for each in records[::-1]], [owner, *map(to_item, records)]


def _captioned(user: str, image: str, created: float) -> ImageRecord:
    """A photo with labels, captioned by the first provider asked."""
    sha256 = hashlib.sha256(image.encode()).hexdigest()

    def at(seconds: float) -> str:
        return timestamp(datetime.fromtimestamp(created + seconds, UTC))

    def stored(name: str, size: int, width: int) -> StoredImage:
        return StoredImage(
            key=image_object_key(user, image, name),
            content_type="image/jpeg",
            bytes=size,
            width=width,
            height=width * 3 // 4,
            sha256=sha256,
        )

    def stage(
        name: Literal["queued", "ingest", "labels", "caption"], begun: float, took: float
    ) -> StageTime:
        return StageTime(stage=name, started_at=at(begun), duration_ms=round(took * 1000))

    attempt = Attempt(
        provider="bedrock",
        model="anthropic.claude-3-haiku-20240307-v1:0",
        outcome="ok",
        duration_ms=1240,
        input_tokens=1630,
        output_tokens=82,
        cost_usd=0.0005,
    )
    labels = tuple(
        Label(name=name, confidence=0.98 - 0.03 * rank, source="rekognition")
        for rank, name in enumerate(_LABELS)
    )
    return ImageRecord(
        user_id=user,
        image_id=image,
        status=Status.COMPLETED,
        version=5,
        job=f"job-{sha256[:16]}",
        sent=True,
        attempts_made=1,
        ttl=round(created) + 90 * _DAY_S,
        timestamp=at(0),
        updated_at=at(4),
        hop_started_at=at(2),
        claimed_at=at(2.1),
        batch=BATCH,
        upload_key=upload_key(user, image),
        upload_version=sha256[:32],
        upload_once=True,
        upload_sha256=sha256,
        original=stored("original.jpg", 482_113, 4032),
        thumbnail=stored("thumbnail.jpg", 9_120, 300),
        model_input=stored("model.jpg", 96_400, 1268),
        labels=_LABELS,
        label_details=labels,
        moderation=(),
        concise_caption="A cat sleeping on a striped mat",
        creative_caption="Curled into a comma, the smallest king of the afternoon holds court.",
        alt_text="A grey tabby cat asleep on a blue and white striped mat beside a wooden chair.",
        caption_language="en",
        provider=Provider(
            name=attempt.provider, model=attempt.model, degraded=False, attempts=(attempt,)
        ),
        cache_keys=(sha256,),
        timeline=(
            stage("queued", 0, 0.08),
            stage("ingest", 0.08, 0.4),
            stage("labels", 0.2, 0.25),
            stage("queued", 2, 0.1),
            stage("caption", 2.1, 1.9),
        ),
    )


def _under_way(record: ImageRecord) -> ImageRecord:
    """The same while its captions are being written."""
    unknown = ("concise_caption", "creative_caption", "alt_text", "caption_language", "provider")
    return record.model_copy(
        update={
            **dict.fromkeys(unknown),
            "status": Status.CAPTIONING,
            "version": 3,
            "timeline": record.timeline[:3],
            "cache_keys": (),
            "lease_id": record.job,
            "lease_until": time.time() + _DAY_S,
            "check_at": time.time() + _DAY_S,
        }
    )
