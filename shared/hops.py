"""A hop: the message that brings a record to the worker of its next stage."""

from shared.contracts import ImageIngested, ImageUploaded
from shared.records import ImageRecord, Status


def message_of(record: ImageRecord) -> ImageUploaded | ImageIngested | None:
    """The message that the worker of ``record``'s stage takes up; ``None`` if none is due."""
    if record.status in {Status.QUEUED, Status.INGESTING}:
        return ImageUploaded(
            user_id=record.user_id,
            image_id=record.image_id,
            job=record.job,
            epoch=record.epoch,
            upload_key=record.upload_key,
            options=record.options,
        )
    if record.status is Status.CAPTIONING and record.model_input is not None:
        return ImageIngested(
            user_id=record.user_id,
            image_id=record.image_id,
            job=record.job,
            epoch=record.epoch,
            model_key=record.model_input.key,
            labels=record.labels or (),
            options=record.options,
        )
    return None
