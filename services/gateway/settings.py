"""Everything the gateway reads from its environment.

Credentials, region and endpoints are botocore's own variables, so none is here.
"""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.gateway.faults import FaultPoint
from shared.process import CommaSeparated

# RFC 6454, section 6.2: no path, no trailing slash; there is no wildcard on purpose.
ORIGIN = r"^https?://[A-Za-z0-9.\[\]:-]+$"


class Settings(BaseSettings):
    """Read once, in ``__main__``; everyone else takes an argument."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535, description="0 takes a free one")
    public_url: str = Field(pattern=r"^https?://", description="how browsers reach the gateway")
    version: str = "0.1.0"
    commit: str = "unknown"

    images_bucket: str
    records_table: str
    ingest_queue_url: str
    ingest_dlq_url: str
    caption_queue_url: str
    caption_dlq_url: str

    cognito_issuer: str
    cognito_jwks_url: str | None = None
    cognito_client_ids: CommaSeparated[str] = Field(min_length=1)
    cognito_user_pool_domain_url: str
    openid_configuration_url: str | None = None
    logout_client_id: str
    logout_urls: CommaSeparated[str] = Field(
        default=(), description="where a browser may be sent after signing out; exact"
    )

    retention_days: int = Field(default=90, ge=1)
    signing_key: SecretStr = Field(min_length=32, description="HMAC of cursors")
    user_hash_key: SecretStr = Field(
        min_length=32, description="HMAC of user ids in what outlives a user's data; never changed"
    )
    labels_default: bool = True
    quota_limit: int = Field(default=60, ge=1)
    quota_window_s: int = Field(default=3600, ge=1)
    requests_per_minute: int = Field(default=1200, ge=1, description="of one user, here")
    address_requests_per_minute: int = Field(
        default=6000, ge=1, description="from one address, here; signed in or not"
    )
    request_burst_s: float = Field(
        default=30, gt=0, description="seconds' worth of requests that may come at once"
    )
    trusted_address_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]+$",
        description="of a proxy that always sets it: CloudFront-Viewer-Address; else the peer",
    )
    upload_budget_bytes: int = Field(
        default=344 * 1024 * 1024,
        ge=11 * 1024 * 1024,
        description="in flight, in this process, which holds up to 40 MiB more meanwhile",
    )
    uploads_per_user: int = Field(default=6, ge=1, description="in flight, in this process")
    upload_wait_s: float = Field(
        default=20, ge=0, description="for one of these, before a small upload is refused"
    )
    body_timeout_s: float = Field(default=60, gt=0)
    headers_timeout_s: float = Field(
        default=15, gt=0, description="from a request's first byte to the end of its headers"
    )
    max_connections: int = Field(default=4000, ge=1, description="to this process")
    cors_origins: CommaSeparated[Annotated[str, Field(pattern=ORIGIN)]] = Field(
        default=(), description="pages of other origins that may call the gateway; exact"
    )
    drain_s: float = Field(default=25, gt=0, description="for requests in flight at a stop")
    fault_point: FaultPoint | None = Field(
        default=None,
        description="for tests, refused unless AWS is emulated on this machine: to die after the "
        "record is written and before its message is sent",
    )

    @property
    def jwks_url(self) -> str:
        """Where the issuer's public keys are."""
        return self.cognito_jwks_url or f"{self.cognito_issuer}/.well-known/jwks.json"

    @property
    def discovery_url(self) -> str:
        """Where the issuer's own discovery document is."""
        return (
            self.openid_configuration_url
            or f"{self.cognito_issuer}/.well-known/openid-configuration"
        )
