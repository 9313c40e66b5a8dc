"""What a caption provider is given and gives back: the one shape every link of the chain speaks.

* ProviderError           the try brought no caption
  x Throttled             the provider asks to be spared for a while
  x Unavailable           it did not answer, or failed on its side
  x Misconfigured         it will refuse every call alike
    x Retired             the model is gone for good: no call will bring it back
  x Refused               the model, or a filter before it, does not want this photo
  x InvalidOutput         it answered, and nothing usable
  x Unsupported           it can't do what this request asks for; nothing was sent
"""

from dataclasses import dataclass, field
from typing import Protocol

from shared.records import Outcome


@dataclass(frozen=True, slots=True)
class CaptionRequest:
    """One photo to describe.

    ``image`` is the model input: an upright sRGB JPEG, long edge at most 1568 px.
    ``language`` is a BCP 47 tag; ``style`` is the user's advice, data and never an instruction.
    """

    image: bytes
    labels: tuple[str, ...] = ()
    language: str = "en"
    style: str | None = None


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """A thing that the provider itself recognised. ``confidence`` is between 0 and 1."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Spent:
    """What one try cost. ``None`` where the provider does not count or the price is not known."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


NOTHING_SPENT = Spent()


@dataclass(frozen=True, slots=True)
class CaptionAnswer:
    """The texts of one photo and what they cost.

    A provider gives the texts as its model wrote them; ``quality.cleaned`` makes them fit to be
    shown: ``concise`` of at most 10 words, ``creative`` of one or two sentences, ``alt_text`` of
    at most 125 characters, empty only where the photo is ``decorative``. ``language`` is the
    language the texts are in, which is not always the one asked for.
    """

    concise: str
    creative: str
    alt_text: str
    language: str
    model: str
    decorative: bool = False
    labels: tuple[FoundLabel, ...] = field(default=())
    spent: Spent = NOTHING_SPENT


class ProviderError(Exception):
    """The try brought no caption.

    ``reason`` is a short snake_case word or two for operators; it never quotes a prompt, a photo's
    text or an answer. ``outcome`` is the contract's. ``is_passing``: the same call may go through
    in a moment. ``blames_provider``: it counts against the provider's circuit; what the photo or
    the request brought about does not. ``was_asked``: the provider had its say; if not, the try
    tells nothing about it.
    """

    outcome: Outcome = "error"
    is_passing: bool = False
    blames_provider: bool = True
    was_asked: bool = True

    def __init__(self, reason: str, *, spent: Spent = NOTHING_SPENT) -> None:
        super().__init__(reason)
        self.reason = reason
        self.spent = spent


class Throttled(ProviderError):
    """The provider asks to be spared. ``retry_after`` is in seconds, if it says how long."""

    outcome: Outcome = "throttled"
    is_passing = True

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Unavailable(ProviderError):
    """It did not answer, or failed on its side. ``retry_after`` as for ``Throttled``."""

    is_passing = True

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Misconfigured(ProviderError):
    """It will refuse every call alike: no permission, a wrong name, a wrong parameter."""


class Retired(Misconfigured):
    """The model has reached its end of life."""


class Refused(ProviderError):
    """The model, or a filter before it, does not want this photo."""

    outcome: Outcome = "refused"
    blames_provider = False


class InvalidOutput(ProviderError):
    """It answered, and nothing usable. Another photo may fare better."""

    outcome: Outcome = "invalid_output"
    blames_provider = False


class Unsupported(ProviderError):
    """It can't do what this request asks for; nothing was sent."""

    outcome: Outcome = "unsupported"
    blames_provider = False


class CaptionProvider(Protocol):
    """Describes a photo."""

    @property
    def name(self) -> str:
        """The contract's name: bedrock, sagemaker, huggingface or local."""
        ...

    @property
    def model(self) -> str:
        """The model that answers, as shown to users."""
        ...

    def check(self, request: CaptionRequest) -> None:
        """Raise ``Unsupported`` where no call could help: a language or size it can't do."""
        ...

    async def caption(self, request: CaptionRequest) -> CaptionAnswer:
        """Describe the photo; the texts are as the model wrote them.

        Makes one call and never tries again by itself: that is the chain's. Raises ``Permanent``
        if the stored photo itself is broken, and ``ProviderError`` for all else.
        """
        ...
