"""Everything ingest reads from its environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.working import WorkerSettings


class Settings(WorkerSettings):
    """Read once, in ``__main__``."""

    model_config = SettingsConfigDict(env_prefix="INGEST_", frozen=True)

    caption_queue_url: str
    threads: int = Field(default=2, ge=1, le=64, description="decodes at once: the cores there are")
    max_pixels_in_flight: int = Field(
        default=100_000_000, ge=1_000_000, description="pixels being decoded at once, all photos"
    )
