"""The two files that tell others about a running stack: ``stack.env`` and Streamlit's secrets."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.kept import Kept, write_private
from infra.local.layout import (
    ACCESS_KEY_ID,
    LOCAL_ADMIN,
    LOCAL_USER,
    REGION,
    SECRET_ACCESS_KEY,
    Layout,
)

if TYPE_CHECKING:
    from infra.local.provision import Resources


def stack_env(layout: Layout, resources: "Resources", kept: Kept) -> dict[str, str]:
    """What scripts rely on: these names and no others."""
    return {
        "GATEWAY_URL": layout.gateway_url,
        "UI_URL": layout.ui_url,
        "AWS_ENDPOINT_URL": layout.aws_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": REGION,
        "IMAGES_BUCKET": resources.images_bucket,
        "RECORDS_TABLE": resources.records_table,
        "INGEST_QUEUE_URL": resources.ingest.url,
        "INGEST_DLQ_URL": resources.ingest.dead_letters_url,
        "CAPTION_QUEUE_URL": resources.caption.url,
        "CAPTION_DLQ_URL": resources.caption.dead_letters_url,
        "COGNITO_ISSUER": resources.sign_in.issuer,
        "COGNITO_JWKS_URL": resources.sign_in.jwks_url,
        "UI_CLIENT_ID": resources.sign_in.ui_client_id,
        "API_CLIENT_ID": resources.sign_in.api_client_id,
        "LOCAL_USER": LOCAL_USER,
        "LOCAL_PASSWORD": kept.password_of(LOCAL_USER),
        "LOCAL_ADMIN": LOCAL_ADMIN,
        "LOCAL_ADMIN_PASSWORD": kept.password_of(LOCAL_ADMIN),
        "STANDIN_URL": layout.standin_url,
    }


def write_all(layout: Layout, resources: "Resources", kept: Kept) -> None:
    """Write both files, readable by their owner only."""
    values = stack_env(layout, resources, kept)
    write_private(layout.stack_env, "".join(f"{key}={value}\n" for key, value in values.items()))
    write_private(layout.streamlit_secrets, _streamlit_secrets(layout, resources, kept))


def read(path: Path) -> Mapping[str, str] | None:
    """The values of a ``stack.env``, or ``None`` where no stack runs."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return None
    return {key: value for key, _, value in (line.partition("=") for line in lines)}


def _streamlit_secrets(layout: Layout, resources: "Resources", kept: Kept) -> str:
    auth = {
        "redirect_uri": f"{layout.ui_url}/oauth2callback",
        "cookie_secret": kept.cookie_secret,
        "client_id": resources.sign_in.ui_client_id,
        "client_secret": resources.sign_in.ui_client_secret,
        # The provider's own document would lead Streamlit's sign-out into an error.
        "server_metadata_url": f"{layout.gateway_url}/auth/openid-configuration",
        "expose_tokens": ["id", "access"],
    }
    # TOML's basic strings and arrays of them are written as JSON writes its own.
    lines = [f"{name} = {json.dumps(value)}" for name, value in auth.items()]
    return "\n".join(["[auth]", *lines, ""])
