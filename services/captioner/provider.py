"""What a caption provider is given and gives back: the one shape every link of the chain speaks."""

from dataclasses import dataclass, field
from typing import Protocol


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
class CaptionAnswer:
    """The texts of one photo and what they cost.

    ``concise`` has at most 10 words, ``creative`` one or two sentences, ``alt_text`` at most
    125 characters. ``language`` is the language the texts are in, which is not always the one
    asked for. Token counts are ``None`` where a model does not count them.
    """

    concise: str
    creative: str
    alt_text: str
    language: str
    model: str
    labels: tuple[FoundLabel, ...] = field(default=())
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class CaptionProvider(Protocol):
    """Describes a photo. Raises ``Permanent`` if the photo is at fault, else anything else."""

    @property
    def name(self) -> str:
        """The contract's name: bedrock, sagemaker, huggingface or local."""
        ...

    @property
    def model(self) -> str:
        """The model that answers, as shown to users."""
        ...

    async def caption(self, request: CaptionRequest) -> CaptionAnswer:
        """Describe the photo."""
        ...
