"""Everything the captioner reads from its environment."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from shared.consumer import Options
from shared.process import CommaSeparated
from shared.working import WorkerSettings

ProviderName = Literal["bedrock", "sagemaker", "huggingface", "local"]

# For reading the photo, for the table, and for the last provider to stop.
SPARE_S = 30.0


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


def _of_the_calendar(value: object) -> object:
    # A number would be taken for seconds since 1970.
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("not a day like 2027-03-31")
    return value


T = TypeVar("T")
# Containers are often given a variable for each setting, empty where there is nothing to say.
OrEmpty = Annotated[T | None, BeforeValidator(_none_if_empty)]
Day = Annotated[date, BeforeValidator(_of_the_calendar)]


class Settings(WorkerSettings):
    """Read once, in ``__main__``. Prices are US dollars for a million tokens."""

    model_config = SettingsConfigDict(env_prefix="CAPTIONER_", frozen=True)

    providers: CommaSeparated[ProviderName] = Field(
        default=("bedrock", "sagemaker", "huggingface", "local"),
        min_length=1,
        description="in the order in which they are asked, local last; left out if not configured",
    )

    bedrock_model: OrEmpty[str] = Field(
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
    bedrock_input_usd: OrEmpty[float] = Field(default=None, ge=0)
    bedrock_output_usd: OrEmpty[float] = Field(default=None, ge=0)
    bedrock_warm_up: bool = Field(
        default=False, description="have the answer's schema compiled at start-up: one call"
    )
    bedrock_tokens_per_minute: int = Field(
        default=0, ge=0, description="the account's limit, shared by all captioners; 0: not paced"
    )
    bedrock_end_of_life: OrEmpty[Day] = Field(
        default=None, description="the model's last day, YYYY-MM-DD; a warning from 60 days before"
    )

    sagemaker_endpoint: OrEmpty[str] = Field(default=None, description="none: left out")
    sagemaker_model: str = Field(default="blip-image-captioning-base", min_length=1)
    sagemaker_timeout_s: float = Field(default=30, gt=0, le=120)
    sagemaker_usd_per_second: OrEmpty[float] = Field(
        default=None, ge=0, description="of a serverless endpoint's time; none: not counted"
    )
    sagemaker_end_of_life: OrEmpty[Day] = None

    huggingface_model: str = Field(default="Qwen/Qwen3-VL-8B-Instruct", min_length=1)
    huggingface_token: OrEmpty[SecretStr] = Field(default=None, description="none: left out")
    huggingface_token_secret: OrEmpty[str] = Field(
        default=None, description="name or ARN of the secret that holds the token"
    )
    huggingface_base_url: OrEmpty[str] = Field(
        default=None, description="default: the hub's router"
    )
    huggingface_timeout_s: float = Field(default=25, gt=0, le=120)
    huggingface_max_tokens: int = Field(default=500, ge=100, le=4000)
    huggingface_input_usd: OrEmpty[float] = Field(default=None, ge=0)
    huggingface_output_usd: OrEmpty[float] = Field(default=None, ge=0)
    huggingface_end_of_life: OrEmpty[Day] = None

    local_models_dir: OrEmpty[Path] = Field(
        default=None, description="default: those in the package"
    )
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
    daily_budget_usd: OrEmpty[float] = Field(
        default=None, ge=0, description="of all captioners; above it no paid provider is asked"
    )

    quota_limit: int = Field(default=60, ge=1, description="the gateway's")
    quota_window_s: int = Field(default=3600, ge=1, description="the gateway's")

    @property
    def ends_of_life(self) -> dict[str, date]:
        """The last days of the providers' models, where they are known."""
        ends = {
            "bedrock": self.bedrock_end_of_life,
            "sagemaker": self.sagemaker_end_of_life,
            "huggingface": self.huggingface_end_of_life,
        }
        return {name: end for name, end in ends.items() if end is not None}

    @field_validator("providers")
    @classmethod
    def _each_is_asked(cls, providers: tuple[ProviderName, ...]) -> tuple[ProviderName, ...]:
        if len(set(providers)) < len(providers):
            raise ValueError("a provider is named twice")
        # It answers every photo, in English: whoever stood behind it would never be asked.
        if "local" in providers[:-1]:
            raise ValueError("local comes last")
        return providers

    @field_validator("chain_deadline_s")
    @classmethod
    def _fits_between(cls, deadline: float, info: ValidationInfo) -> float:
        """Above each provider's time, or no timeout would be its fault; below a job's."""
        read = info.data
        remote = [name for name in read.get("providers", ()) if name != "local"]
        if any(deadline <= read.get(f"{name}_timeout_s", 0) for name in remote):
            raise ValueError("must be longer than the timeout of each remote provider")
        most = Options().hold - SPARE_S
        if deadline + read.get("local_timeout_s", 0) > most:
            raise ValueError(f"with the local provider's timeout, must be at most {most:g}")
        return deadline

    @field_validator("daily_budget_usd")
    @classmethod
    def _can_be_kept(cls, budget: float | None, info: ValidationInfo) -> float | None:
        if not budget:
            return budget
        for name in _charging(info.data):
            if None in {info.data.get(f"{name}_input_usd"), info.data.get(f"{name}_output_usd")}:
                raise ValueError(f"without the prices of {name}, nothing counts towards it")
        return budget


def _charging(read: dict[str, Any]) -> list[str]:
    """The providers that are to be asked and charge by the token."""
    is_there = {
        "bedrock": read.get("bedrock_model"),
        "huggingface": read.get("huggingface_token") or read.get("huggingface_token_secret"),
    }
    return [name for name in read.get("providers", ()) if is_there.get(name)]
