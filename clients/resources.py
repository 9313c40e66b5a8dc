"""The gateway's answers as a program reads them: the contract's models, open to newer gateways.

Unknown fields are ignored, and where the contract has a closed list a value from a newer gateway
is kept as the text it is.
"""

from pydantic import Field

from shared.api import ErrorView, ImagePage, ImageView, ProviderView, TimelineView
from shared.records import Attempt

# A reader takes more than the writer promises, which a type checker rightly questions.
# mypy: disable-error-code="assignment"


class Try(Attempt):
    """One try of one provider."""

    outcome: str


class Provider(ProviderView):
    """Who wrote the captions."""

    attempts: list[Try] = Field(default=[])


class Stage(TimelineView):
    """One finished stage."""

    stage: str


class Failure(ErrorView):
    """Why a photo failed."""

    code: str


class Image(ImageView):
    """One image."""

    status: str
    provider: Provider | None = None
    timeline: list[Stage] = Field(default=[])
    error: Failure | None = None

    @property
    def settled(self) -> bool:
        """Nothing more will happen to it by itself."""
        return self.status in {"completed", "failed"}


class Page(ImagePage):
    """A page of images, newest first."""

    items: list[Image]
