"""Everything the captioner reads from its environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.process import CommaSeparated
from shared.working import WorkerSettings


class Settings(WorkerSettings):
    """Read once, in ``__main__``."""

    model_config = SettingsConfigDict(env_prefix="CAPTIONER_", frozen=True)

    providers: CommaSeparated[Literal["local"]] = Field(
        default=("local",), min_length=1, description="in the order in which they are asked"
    )
    local_models_dir: Path | None = Field(default=None, description="default: those in the package")
    local_timeout_s: float = Field(default=30, gt=0, le=120)
    quota_limit: int = Field(default=60, ge=1, description="the gateway's")
    quota_window_s: int = Field(default=3600, ge=1, description="the gateway's")
