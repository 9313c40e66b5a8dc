"""``make token``: an access token for anybody, without a browser."""

import re

import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from infra.local import written
from infra.local.environment import use_emulator
from infra.local.kept import load
from infra.local.layout import Layout, UsageError
from infra.local.signin import access_token, ensure_user, join_admins

_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def token_for(layout: Layout, user: str, *, admin: bool) -> str:
    """Sign ``user`` in, made on first use. Once an admin, a user stays one.

    Raises ``UsageError`` for a name that can't be one, or if no stack runs in this folder.
    """
    if not _USER.fullmatch(user):
        raise UsageError(
            f"NAME={user}: letters, digits, '_', '.' and '-', at most 64: make token NAME=ana"
        )
    values, kept = written.read(layout.stack_env), load(layout.state)
    if values is None or kept is None:
        raise UsageError(f"no stack runs in {layout.state}: {layout.command('up')}")
    use_emulator(values["AWS_ENDPOINT_URL"])
    config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 2})
    cognito = boto3.Session().client("cognito-idp", config=config)
    pool_id = values["COGNITO_ISSUER"].rpartition("/")[2]
    password = kept.password_of(user)

    def sign_in() -> str:
        if admin:
            join_admins(cognito, pool_id, user)
        return access_token(
            cognito,
            pool_id=pool_id,
            client_id=values["API_CLIENT_ID"],
            user=user,
            password=password,
        )

    try:
        try:
            return sign_in()
        except (
            cognito.exceptions.UserNotFoundException,
            cognito.exceptions.NotAuthorizedException,  # another password: set on the page
        ):
            ensure_user(cognito, pool_id, user, password)
            return sign_in()
    except EndpointConnectionError as error:
        raise UsageError(f"nothing answers at {values['AWS_ENDPOINT_URL']}: make up") from error
