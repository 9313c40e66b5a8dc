"""Answers of the gateway to begin a test with."""

from clients.resources import (
    Account,
    Captions,
    Deletion,
    Failure,
    Image,
    Label,
    Picture,
    Provider,
    Quota,
)

NOW = "2026-11-22T12:00:00.000Z"


def image(image_id: str, status: str, *, batch: str | None = None) -> Image:
    """A photo of which nothing is known yet."""
    return Image(
        image_id=image_id, status=status, version=1, created_at=NOW, updated_at=NOW, batch=batch
    )


def completed(image_id: str, *, batch: str | None = None, local: bool = True) -> Image:
    """A photo with everything there."""
    return image(image_id, "completed", batch=batch).model_copy(
        update={
            "thumbnail": Picture(url=f"http://objects.test/{image_id}.jpg"),
            "captions": Captions(
                concise="A <b>cat</b> *asleep*", creative="Curled up.", alt_text="A cat on a mat"
            ),
            "labels": [Label(name="Cat", confidence=0.98, source="rekognition")],
            "provider": Provider(name="local", model="tiny", degraded=local),
        }
    )


def failed(image_id: str, *, batch: str | None = None, code: str, retryable: bool = False) -> Image:
    """A photo that came to nothing."""
    error = Failure(code=code, retryable=retryable)
    return image(image_id, "failed", batch=batch).model_copy(update={"error": error})


def some_account(*, remaining: int = 42) -> Account:
    """Somebody with so many captions left."""
    quota = Quota(
        limit=60, window_s=3600, remaining=remaining, resets_at="2026-11-22T12:18:00.000Z"
    )
    return Account(user_id="ana", groups=[], quota=quota, images=0, retention_days=90)


def some_receipt(*, status: str = "completed") -> Deletion:
    """The receipt of a deletion of everything."""
    counts = {"records": 2, "objects": 8, "object_versions": 9}
    completed_at = NOW if status == "completed" else None
    return Deletion.model_validate(
        {
            "deletion_id": "d",
            "status": status,
            "deleted": counts,
            "requested_at": NOW,
            "completed_at": completed_at,
        }
    )
