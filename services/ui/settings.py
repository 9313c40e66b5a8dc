"""What the page is told at start-up; a missing or wrong value is named in the error."""

from pydantic import AnyHttpUrl, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once per process from ``UI_…`` variables."""

    model_config = SettingsConfigDict(env_prefix="UI_", frozen=True)

    gateway_url: AnyHttpUrl = Field(description="where the gateway answers, seen from this process")
    request_timeout_s: float = Field(default=10.0, gt=0, le=120, description="seconds for any call")

    @property
    def gateway(self) -> str:
        """The gateway's address without a trailing slash."""
        return str(self.gateway_url).rstrip("/")
