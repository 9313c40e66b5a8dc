"""Sign-in on one machine: the user pool, its clients, its group, and tokens without a browser."""

import contextlib
from dataclasses import dataclass
from typing import Any

from infra.local.layout import LOCAL_ADMIN, LOCAL_USER, REGION, USER_POOL

ADMINS = "admins"
_DOMAIN = "captions-local"
_LIFETIME_H = 12
_SCOPES = ["openid", "email", "profile"]


@dataclass(frozen=True)
class SignIn:
    """What the services and scripts need to know about the user pool."""

    pool_id: str
    issuer: str
    jwks_url: str
    discovery_url: str
    ui_client_id: str
    ui_client_secret: str
    api_client_id: str


def logout_urls(ui_url: str) -> tuple[str, ...]:
    """Where a sign-out may lead. Cognito compares whole strings, so each form is listed.

    Streamlit sends its callback address, see ``_get_provider_logout_url`` in Streamlit 1.67.
    """
    return tuple(
        origin + path for origin in _origins(ui_url) for path in ("", "/", "/oauth2callback")
    )


def provision_sign_in(
    cognito: Any, *, endpoint: str, ui_url: str, passwords: dict[str, str]
) -> tuple[SignIn, bool]:
    """Make what is missing of the user pool; say whether the pool itself was missing.

    ``passwords`` has one entry for each of the two ready-made users.
    """
    pool_id, made = _pool(cognito)
    ui = _client(cognito, pool_id, "ui", _ui_client(ui_url), secret=True)
    api = _client(cognito, pool_id, "api", _api_client(), secret=False)
    _domain(cognito, pool_id)
    _group(cognito, pool_id)
    for user, password in passwords.items():
        ensure_user(cognito, pool_id, user, password)
    join_admins(cognito, pool_id, LOCAL_ADMIN)
    base = f"{endpoint}/{pool_id}/.well-known"
    return SignIn(
        pool_id=pool_id,
        # The emulator's tokens carry AWS's own address as issuer, as the real ones do.
        issuer=f"https://cognito-idp.{REGION}.amazonaws.com/{pool_id}",
        jwks_url=f"{base}/jwks.json",
        discovery_url=f"{base}/openid-configuration",
        ui_client_id=ui["ClientId"],
        ui_client_secret=ui["ClientSecret"],
        api_client_id=api["ClientId"],
    ), made


def ready_made_users() -> tuple[str, str]:
    """An ordinary user, and one in the group ``admins``."""
    return LOCAL_USER, LOCAL_ADMIN


def ensure_user(cognito: Any, pool_id: str, user: str, password: str) -> None:
    """Make the user if there is none, and give them this password for good."""
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=user,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": f"{user}@example.com"},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
    cognito.admin_set_user_password(
        UserPoolId=pool_id, Username=user, Password=password, Permanent=True
    )


def join_admins(cognito: Any, pool_id: str, user: str) -> None:
    """Put the user into the group ``admins``; asked twice, the same."""
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=user, GroupName=ADMINS)


def access_token(cognito: Any, *, pool_id: str, client_id: str, user: str, password: str) -> str:
    """Sign the user in without a browser; the token lives 12 hours."""
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user, "PASSWORD": password},
    )
    return str(answer["AuthenticationResult"]["AccessToken"])


def _pool(cognito: Any) -> tuple[str, bool]:
    for page in cognito.get_paginator("list_user_pools").paginate(MaxResults=60):
        for pool in page["UserPools"]:
            if pool["Name"] == USER_POOL:
                return str(pool["Id"]), False
    made = cognito.create_user_pool(
        PoolName=USER_POOL,
        AutoVerifiedAttributes=["email"],
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
    )
    return str(made["UserPool"]["Id"]), True


def _client(
    cognito: Any, pool_id: str, name: str, settings: dict[str, Any], *, secret: bool
) -> dict[str, Any]:
    pages = cognito.get_paginator("list_user_pool_clients").paginate(
        UserPoolId=pool_id, MaxResults=60
    )
    for client in (client for page in pages for client in page["UserPoolClients"]):
        if client["ClientName"] == name:
            # Addresses change with the ports; the id and the secret stay.
            answer = cognito.update_user_pool_client(
                UserPoolId=pool_id, ClientId=client["ClientId"], ClientName=name, **settings
            )
            break
    else:
        answer = cognito.create_user_pool_client(
            UserPoolId=pool_id, ClientName=name, GenerateSecret=secret, **settings
        )
    described: dict[str, Any] = answer["UserPoolClient"]
    return described


def _ui_client(ui_url: str) -> dict[str, Any]:
    return {
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": _SCOPES,
        "AllowedOAuthFlowsUserPoolClient": True,
        "SupportedIdentityProviders": ["COGNITO"],
        "CallbackURLs": [f"{origin}/oauth2callback" for origin in _origins(ui_url)],
        "LogoutURLs": list(logout_urls(ui_url)),
        "PreventUserExistenceErrors": "ENABLED",
        **_lifetimes(),
    }


def _api_client() -> dict[str, Any]:
    return {
        "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        **_lifetimes(),
    }


def _lifetimes() -> dict[str, Any]:
    return {
        "AccessTokenValidity": _LIFETIME_H,
        "IdTokenValidity": _LIFETIME_H,
        "RefreshTokenValidity": 1,
        "TokenValidityUnits": {"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"},
    }


def _origins(ui_url: str) -> tuple[str, str]:
    return ui_url, ui_url.replace("//localhost:", "//127.0.0.1:")


def _domain(cognito: Any, pool_id: str) -> None:
    if not cognito.describe_user_pool_domain(Domain=_DOMAIN)["DomainDescription"]:
        cognito.create_user_pool_domain(Domain=_DOMAIN, UserPoolId=pool_id)


def _group(cognito: Any, pool_id: str) -> None:
    with contextlib.suppress(cognito.exceptions.GroupExistsException):
        cognito.create_group(GroupName=ADMINS, UserPoolId=pool_id)
