"""The options of an upload, as fields of a form or as query parameters."""

import unicodedata
from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.gateway.problems import Problem
from shared.api import FieldFault
from shared.contracts import CaptionOptions


class SubmitOptions(BaseModel):
    """What the client may ask for. Anything else is refused: a typo must not pass unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: Literal["true", "false"] | None = None
    # The shape of a BCP 47 tag (RFC 5646); whether a model speaks it is the captioner's affair.
    language: str = Field(
        default="en", max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
    )
    style: str | None = Field(default=None, max_length=200)
    batch: str | None = Field(default=None, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")

    @field_validator("style")
    @classmethod
    def _plain_text(cls, style: str | None) -> str | None:
        if style is None:
            return None
        if any(unicodedata.category(char) == "Cc" and not char.isspace() for char in style):
            raise ValueError("control characters are not allowed")
        return " ".join(style.split()) or None

    def caption_options(self, *, labels_default: bool) -> CaptionOptions:
        """What goes with the job."""
        labels = labels_default if self.labels is None else self.labels == "true"
        return CaptionOptions(labels=labels, language=self.language, style=self.style)


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
