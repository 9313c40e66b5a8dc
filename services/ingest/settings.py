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
    decode_timeout_s: float = Field(
        default=20, gt=0, le=200, description="for one photo, once it has begun"
    )
    child_memory_mb: int = Field(
        default=1024, ge=64, description="of a process that decodes what threads may not"
    )
