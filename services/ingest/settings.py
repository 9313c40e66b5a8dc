"""Everything ingest reads from its environment."""

from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.ingest.labels import LabelOptions
from shared.working import WorkerSettings


class Settings(WorkerSettings):
    """Read once, in ``__main__``."""

    model_config = SettingsConfigDict(env_prefix="INGEST_", frozen=True)

    caption_queue_url: str
    threads: int = Field(default=2, ge=1, le=64, description="decodes at once: the cores there are")
    max_pixels_in_flight: int = Field(
        default=100_000_000, ge=1_000_000, description="pixels being decoded at once, all photos"
    )
    decode_timeout_s: float = Field(
        default=20, gt=0, le=200, description="for one photo, once it has begun"
    )
    child_memory_mb: int = Field(
        default=1024, ge=64, description="of a process that decodes what threads may not"
    )
    labels: Literal["off", "rekognition"] = Field(
        default="off", description="who names what is in a photo; off leaves it to the captioner"
    )
    labels_max: int = Field(default=15, ge=1, le=100, description="labels of one photo")
    labels_min_confidence: float = Field(default=0.7, ge=0, le=1)
    labels_timeout_s: float = Field(
        default=3, gt=0, le=20, description="that a photo waits for its labels"
    )
    labels_pause_after: int = Field(default=5, ge=1, description="failures in a row")
    labels_pause_s: float = Field(default=30, ge=0, description="without labels after them")
    moderation: bool = Field(default=False, description="Rekognition's moderation labels too")

    def label_options(self) -> LabelOptions:
        """How Rekognition is to be asked."""
        return LabelOptions(
            limit=self.labels_timeout_s,
            most=self.labels_max,
            min_confidence=self.labels_min_confidence,
            moderation=self.moderation,
            pause_after=self.labels_pause_after,
            pause=self.labels_pause_s,
        )
