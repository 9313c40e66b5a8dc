"""The options of captions, and those of an upload as fields of a form or query parameters."""

import unicodedata
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from services.gateway.problems import Problem
from shared.api import FieldFault
from shared.contracts import CaptionOptions


def _plain_text(text: str) -> str:
    if any(unicodedata.category(char) == "Cc" and not char.isspace() for char in text):
        raise ValueError("control characters are not allowed")
    return " ".join(text.split())


# The shape of a BCP 47 tag (RFC 5646); whether a model speaks it is the captioner's affair.
Language = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
# What `_plain_text` refuses, for the OpenAPI document.
_PLAIN = r"^[^\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]*$"
Style = Annotated[
    str,
    Field(max_length=200, json_schema_extra={"pattern": _PLAIN}),
    AfterValidator(_plain_text),
]
BatchName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]


class SubmitOptions(BaseModel):
    """What the client may ask for. Anything else is refused: a typo must not pass unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: Literal["true", "false"] | None = None
    language: Language = "en"
    style: Style | None = None
    batch: BatchName | None = None
    keep_exif: Literal["true", "false"] | None = None

    def caption_options(self, *, labels_default: bool) -> CaptionOptions:
        """What goes with the job."""
        labels = labels_default if self.labels is None else self.labels == "true"
        return CaptionOptions(
            labels=labels,
            language=self.language,
            style=self.style or None,
            keep_exif=self.keep_exif == "true",
        )


def parse_options(fields: Mapping[str, str]) -> SubmitOptions:
    """The options in ``fields``. Raises ``Problem`` 422 ``invalid_option`` naming each bad one."""
    try:
        return SubmitOptions.model_validate(fields)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise invalid_options(
            [
                FieldFault(pointer=str(fault["loc"][0])[:64], message=fault["msg"])
                for fault in faults
            ]
        ) from error


def invalid_options(faults: list[FieldFault]) -> Problem:
    """The refusal that lists ``faults``, ten at most."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_option",
        "An option is unknown, repeated or has a value we can't use.",
        errors=faults[:10],
    )
