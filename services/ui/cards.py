"""A photo as the tray's script draws it: small, because a hundred of them may be on a page."""

from typing import Any

from clients.resources import Image
from services.ui import sentences
from services.ui.batches import Stage, stage_of


def card_of(photo: Image, *, remark: str | None = None) -> dict[str, Any]:
    """The card; field names are those of ``tray_card.js``. ``remark`` is why a retry was refused.

    ``labelled`` is None until it is known whether labels were looked for.
    """
    stage = stage_of(photo)
    is_prepared = stage in {Stage.CAPTIONING, Stage.DONE}
    labelled = any(one.stage == "labels" for one in photo.timeline) or bool(photo.labels)
    is_failed = stage is Stage.FAILED
    return {
        "id": photo.image_id,
        "batch": photo.batch,
        "stage": stage.name.lower(),
        "label": stage.value,
        "labelled": labelled if is_prepared else None,
        "texts": _texts(photo),
        "thumbnail": photo.thumbnail.url if photo.thumbnail and photo.thumbnail.url else None,
        "problem": remark or (sentences.failure(photo.error) if is_failed else None),
        "again": is_failed and photo.error is not None and photo.error.retryable,
        "note": sentences.approximate(photo.provider),
    }


def _texts(photo: Image) -> dict[str, str]:
    captions = photo.captions
    if captions is None:
        return {}
    return {
        "concise": captions.concise,
        "creative": captions.creative,
        "alt_text": captions.alt_text,
    }
