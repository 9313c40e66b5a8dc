"""Which tokens open ``/v1``, and that everything else is 401 and nothing more."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import pytest
from jose import jwt

from tests.integration.gateway.conftest import Gateway, Serve
from tests.integration.gateway.issuer import Issuer, private_key, public_pem


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def with_header(issuer: Issuer, header: object) -> str:
    """Good claims and a good signature's worth of bytes under another header."""
    return f"{encoded(header)}.{encoded(issuer.claims())}.{'A' * 342}"


def hs256_with_the_public_key(issuer: Issuer) -> str:
    # By hand: a library refuses to make it.
    signed = f"{encoded({'alg': 'HS256', 'kid': 'access-key'})}.{encoded(issuer.claims())}"
    key = public_pem(issuer.keys["access-key"]).encode()
    mac = hmac.digest(key, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def signed_by_another_key(issuer: Issuer) -> str:
    return str(jwt.encode(issuer.claims(), private_key(), "RS256", {"kid": "access-key"}))


def with_its_own_key(issuer: Issuer) -> str:
    pem = private_key()
    header = {"kid": "mine", "jku": "http://127.0.0.1/keys", "x5u": "http://127.0.0.1/cert"}
    return str(jwt.encode(issuer.claims(), pem, "RS256", header))


def tampered(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{encoded(issuer.claims('eve'))}.{signature}"


BAD_TOKENS: dict[str, Callable[[Issuer], str]] = {
    "garbage": lambda _: "garbage",
    "three-dots": lambda _: "...",
    "too-long": lambda _: "a" * 8100,
    "deeply-nested-header": lambda i: (
        base64.urlsafe_b64encode(b"[" * 5000).decode() + "." + i.token().split(".", 1)[1]
    ),
    "header-is-a-list": lambda i: with_header(i, []),
    "alg-none": lambda i: f"{encoded({'alg': 'none', 'kid': 'access-key'})}.{encoded(i.claims())}.",
    "alg-none-signed": lambda i: with_header(i, {"alg": "None", "kid": "access-key"}),
    "hs256-with-the-public-key": hs256_with_the_public_key,
    "rs512": lambda i: jwt.encode(i.claims(), i.keys["access-key"], "RS512", {"kid": "access-key"}),
    "another-key": signed_by_another_key,
    "its-own-key": with_its_own_key,
    "tampered": tampered,
    "no-kid": lambda i: jwt.encode(i.claims(), i.keys["access-key"], "RS256"),
    "kid-a-number": lambda i: with_header(i, {"alg": "RS256", "kid": 7}),
    "critical-header": lambda i: jwt.encode(
        i.claims(), i.keys["access-key"], "RS256", {"kid": "access-key", "crit": ["x"]}
    ),
    "wrong-kid": lambda i: jwt.encode(i.claims(), i.keys["access-key"], "RS256", {"kid": "id-key"}),
    "expired": lambda i: i.token(exp=int(time.time()) - 60),
    "no-expiry": lambda i: i.token(exp=None),
    "not-yet": lambda i: i.token(nbf=int(time.time()) + 600),
    "from-the-future": lambda i: i.token(iat=int(time.time()) + 600),
    "wrong-issuer": lambda i: i.token(iss="https://cognito-idp.eu-west-1.amazonaws.com/other"),
    "no-issuer": lambda i: i.token(iss=None),
    "wrong-client": lambda i: i.token(client_id="somebody-else's"),
    "no-client": lambda i: i.token(client_id=None),
    "access-token-with-aud-only": lambda i: i.token(client_id=None, aud="client-of-ours"),
    "id-token-with-wrong-aud": lambda i: i.token(
        kid="id-key", token_use="id", client_id=None, aud="somebody-else's"
    ),
    "id-token-with-client-id-only": lambda i: i.token(kid="id-key", token_use="id"),
    "other-use": lambda i: i.token(token_use="refresh"),
    "no-use": lambda i: i.token(token_use=None),
    "subject-like-a-path": lambda i: i.token("../ana"),
    "subject-too-long": lambda i: i.token("a" * 129),
    "no-subject": lambda i: i.token(sub=None),
}


@pytest.mark.parametrize("make", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
async def test_bad_token_is_unauthorized(gateway: Gateway, make: Callable[[Issuer], str]) -> None:
    token = make(gateway.issuer)

    response = await gateway.http.get("/v1/images", headers={"Authorization": f"Bearer {token}"})

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert (await response.json())["code"] == "invalid_token"


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", "Basic YTpi"])
async def test_no_bearer_token_is_unauthorized(gateway: Gateway, value: str | None) -> None:
    headers = {} if value is None else {"Authorization": value}

    response = await gateway.http.get("/v1/images", headers=headers)

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_two_authorization_headers_are_unauthorized(gateway: Gateway) -> None:
    good = gateway.auth()["Authorization"]

    response = await gateway.http.get(
        "/v1/images", headers=[("Authorization", good), ("Authorization", good)]
    )

    assert response.status == 401


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing/there"])
async def test_unknown_paths_are_protected_too(gateway: Gateway, path: str) -> None:
    response = await gateway.http.get(path)

    assert response.status == 401


async def test_access_and_id_tokens_with_keys_of_their_own_are_accepted(gateway: Gateway) -> None:
    access = gateway.issuer.token()
    identity = gateway.issuer.token(
        kid="id-key", token_use="id", client_id=None, aud="another-of-ours", at_hash="x"
    )

    for token in (access, identity):
        response = await gateway.http.get(
            "/v1/images", headers={"Authorization": f"bearer {token}"}
        )
        assert response.status == 200


async def test_unknown_keys_ask_the_issuer_at_most_once_a_minute(serve: Serve) -> None:
    gateway = await serve()
    await gateway.http.get("/v1/images", headers=gateway.auth())

    for number in range(5):
        token = jwt.encode(
            gateway.issuer.claims(), private_key(), "RS256", {"kid": f"unknown-{number}"}
        )
        response = await gateway.http.get(
            "/v1/images", headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status == 401

    # One fetch at first need; the next is allowed a minute after it.
    assert gateway.issuer.fetches == 1


async def test_without_any_key_the_gateway_is_unavailable_and_recovers(serve: Serve) -> None:
    gateway = await serve()
    gateway.issuer.down = True

    response = await gateway.http.get("/v1/images", headers=gateway.auth())

    assert response.status == 503
    assert "Retry-After" in response.headers
    assert (await response.json())["code"] == "dependency_unavailable"
