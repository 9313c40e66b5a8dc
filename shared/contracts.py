"""Messages that cross a queue. Services share these and nothing else of each other's.

A field may be added with a default. Anything else is a new ``vN`` class, and both versions are
consumed until the old queue is drained. One body per version ever sent is kept under
``tests/contract/messages/`` and must parse for ever.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.errors import Malformed

# SQS refuses a body over 256 KiB; ours stay far below, so a longer one is not ours.
BODY_LIMIT = 64 * 1024  # bytes

UserId = Annotated[str, Field(min_length=1, max_length=128)]
ImageId = Annotated[str, Field(min_length=36, max_length=36)]
JobId = Annotated[str, Field(min_length=1, max_length=64)]
ObjectKey = Annotated[str, Field(min_length=1, max_length=1024)]


class Message(BaseModel):
    """What every message on a queue has: which job of which image it is about."""

    # Consumers deploy after producers, so an unknown field is not an error.
    model_config = ConfigDict(frozen=True, extra="ignore")

    user_id: UserId
    image_id: ImageId
    job: JobId
    epoch: int = Field(ge=0)


ProviderName = Literal["bedrock", "sagemaker", "huggingface", "local"]


class CaptionOptions(BaseModel):
    """What the user asked for. ``language`` is a BCP 47 tag; ``style`` is advice, never orders.

    ``provider`` is asked before the others, if it is configured. ``keep_exif``: date and camera
    are kept as fields of the record, never the place.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    labels: bool = True
    language: str = Field(default="en", min_length=2, max_length=35)
    style: str | None = Field(default=None, max_length=200)
    provider: ProviderName | None = None
    keep_exif: bool = False


class ImageUploaded(Message):
    """The upload is in the bucket and its record is ``queued``."""

    kind: Literal["image.uploaded.v1"] = "image.uploaded.v1"
    upload_key: ObjectKey
    options: CaptionOptions = CaptionOptions()


class ImageIngested(Message):
    """The stripped original, the thumbnail and the model input are stored; captions come next."""

    kind: Literal["image.ingested.v1"] = "image.ingested.v1"
    model_key: ObjectKey
    labels: tuple[str, ...] = ()
    options: CaptionOptions = CaptionOptions()


AnyMessage = Annotated[ImageUploaded | ImageIngested, Field(discriminator="kind")]

_parser: TypeAdapter[ImageUploaded | ImageIngested] = TypeAdapter(AnyMessage)


def parse_message(body: str) -> ImageUploaded | ImageIngested:
    """Parse the body of a queue message.

    Raises ``Malformed`` whose reason names the fields at fault and never their values.
    """
    if len(body) > BODY_LIMIT:
        raise Malformed("the body is longer than any message of ours")
    try:
        return _parser.validate_json(body)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['type']}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise Malformed("; ".join(faults[:5])) from error
