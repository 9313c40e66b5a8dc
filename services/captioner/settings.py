"""Everything the captioner reads from its environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.process import CommaSeparated
from shared.working import WorkerSettings

ProviderName = Literal["bedrock", "sagemaker", "huggingface", "local"]


class Settings(WorkerSettings):
    """Read once, in ``__main__``. Prices are US dollars for a million tokens."""

    model_config = SettingsConfigDict(env_prefix="CAPTIONER_", frozen=True)

    providers: CommaSeparated[ProviderName] = Field(
        default=("bedrock", "sagemaker", "huggingface", "local"),
        min_length=1,
        description="in the order in which they are asked; one that is not configured is left out",
    )

    bedrock_model: str | None = Field(
        default="anthropic.claude-haiku-5-5",
        description="without the region prefix; none: left out",
    )
    bedrock_region_prefix: str = Field(
        default="us", pattern=r"^[a-z]*$", description="of the inference profile; empty: no profile"
    )
    bedrock_timeout_s: float = Field(default=25, gt=0, le=120)
    bedrock_max_tokens: int = Field(
        default=1500, ge=100, le=8000, description="thinking counts towards it"
    )
    bedrock_input_usd: float | None = Field(default=None, ge=0)
    bedrock_output_usd: float | None = Field(default=None, ge=0)
    bedrock_warm_up: bool = Field(
        default=False, description="have the answer's schema compiled at start-up: one call"
    )
    bedrock_tokens_per_minute: int = Field(
        default=0, ge=0, description="the account's limit, shared by all captioners; 0: not paced"
    )

    sagemaker_endpoint: str | None = Field(default=None, description="none: left out")
    sagemaker_model: str = Field(default="blip-image-captioning-base", min_length=1)
    sagemaker_timeout_s: float = Field(default=30, gt=0, le=120)
    sagemaker_usd_per_second: float | None = Field(
        default=None, ge=0, description="of a serverless endpoint's time; none: not counted"
    )

    huggingface_model: str = Field(default="Qwen/Qwen3-VL-8B-Instruct", min_length=1)
    huggingface_token: SecretStr | None = Field(default=None, description="none: left out")
    huggingface_token_secret: str | None = Field(
        default=None, description="name or ARN of the secret that holds the token"
    )
    huggingface_base_url: str | None = Field(default=None, description="default: the hub's router")
    huggingface_timeout_s: float = Field(default=25, gt=0, le=120)
    huggingface_max_tokens: int = Field(default=500, ge=100, le=4000)
    huggingface_input_usd: float | None = Field(default=None, ge=0)
    huggingface_output_usd: float | None = Field(default=None, ge=0)

    local_models_dir: Path | None = Field(default=None, description="default: those in the package")
    local_timeout_s: float = Field(default=30, gt=0, le=120)

    chain_deadline_s: float = Field(
        default=100, gt=0, le=200, description="for the remote providers together"
    )
    breaker_failures: int = Field(default=5, ge=1, description="in a row, until it opens")
    breaker_cooldown_s: float = Field(
        default=30, gt=0, description="until one trial is let through"
    )
    upgrade_degraded: bool = Field(
        default=False, description="let the sweeper have an outage's captions written again"
    )
    daily_budget_usd: float | None = Field(
        default=None, ge=0, description="of all captioners; above it no paid provider is asked"
    )

    quota_limit: int = Field(default=60, ge=1, description="the gateway's")
    quota_window_s: int = Field(default=3600, ge=1, description="the gateway's")
