"""A sign-in provider of our own: RSA keys made here, a JWKS address, and tokens good and bad."""

import time
from functools import cache
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk, jwt
from jose.backends.base import Key

ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Test"
CLIENT_ID = "client-of-ours"


def private_key() -> str:
    """A new RSA key as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(pem: str) -> str:
    """The public half of a private key."""
    return str(_signer(pem).public_key().to_pem().decode())


@cache
def _own_key(kid: str) -> str:
    """The key of this id, made once: making one takes a tenth of a second."""
    return private_key()


@cache
def _signer(pem: str) -> Key:
    """The key ready to sign: reading its PEM proves its primes again, for 70 ms."""
    return jwk.construct(pem, "RS256")


class Issuer:
    """Publishes public keys by id and counts who asks. ``down`` makes it answer 500."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {kid: _own_key(kid) for kid in ("access-key", "id-key")}
        self.fetches = 0
        self.down = False
        self.url = ""

    def app(self) -> web.Application:
        """Its HTTP side."""
        app = web.Application()
        app.router.add_get("/jwks.json", self._serve_keys)
        app.router.add_get("/openid", self._serve_discovery)
        return app

    def claims(self, user: str = "ana", **changes: Any) -> dict[str, Any]:
        """The claims of an access token like Cognito's; a claim changed to ``None`` is left out."""
        now = int(time.time())
        claims = {
            "sub": user,
            "iss": ISSUER,
            "token_use": "access",
            "client_id": CLIENT_ID,
            "iat": now,
            "exp": now + 3600,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, user: str = "ana", *, kid: str = "access-key", **changes: Any) -> str:
        """A token signed with the key of this id."""
        signer = _signer(self.keys[kid])
        return str(jwt.encode(self.claims(user, **changes), signer, "RS256", {"kid": kid}))

    async def _serve_keys(self, _: web.Request) -> web.Response:
        self.fetches += 1
        if self.down:
            return web.Response(status=500)
        entries = [
            _signer(pem).public_key().to_dict() | {"kid": kid, "use": "sig"}
            for kid, pem in self.keys.items()
        ]
        return web.json_response({"keys": entries})

    async def _serve_discovery(self, _: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=500)
        return web.json_response({"issuer": ISSUER, "end_session_endpoint": "https://elsewhere"})
