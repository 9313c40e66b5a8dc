"""The token of Hugging Face, read once at start from Secrets Manager and shown to nobody."""

import json

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import aws_session, client_config, error_code
from shared.errors import BadSetting

_ROUTER_TOKEN_PREFIX = "hf_"  # huggingface_hub's client sends the router no other


class BadToken(BadSetting):
    """There is no token, or none that can work. The message never holds what was found."""

    def __init__(self, problem: str) -> None:
        super().__init__("CAPTIONER_HUGGINGFACE_TOKEN", problem)


async def read_token(secret: str) -> str:
    """The token in the secret of this name or ARN: as its text, or as ``{"token": "…"}``.

    Raises ``BadToken`` if the secret can't be read. What it holds is checked by ``check_token``.
    """
    config = client_config(connections=1)
    try:
        async with aws_session().client("secretsmanager", config=config) as secrets:
            found = await secrets.get_secret_value(SecretId=secret)
    except ClientError as error:
        raise BadToken(f"the secret can't be read: {error_code(error)}") from None
    except BotoCoreError as error:
        raise BadToken(f"the secret can't be read: {type(error).__name__}") from None
    return _token(str(found.get("SecretString", "")).strip())


def check_token(token: str, *, for_router: bool) -> str:
    """``token``, or raise ``BadToken`` for what can be none, or none that the router takes."""
    # What is no single word of ASCII can't stand in a header; the HTTP client would quote it in
    # an error of its own.
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise BadToken("no token: neither a word, nor a JSON object with the member token")
    if for_router and not token.startswith(_ROUTER_TOKEN_PREFIX):
        raise BadToken(f"the router takes only tokens that begin with {_ROUTER_TOKEN_PREFIX}")
    return token


def _token(text: str) -> str:
    if not text.startswith("{"):
        return text
    try:
        document = json.loads(text)
    except ValueError:
        return ""
    token = document.get("token")
    return token if isinstance(token, str) else ""
