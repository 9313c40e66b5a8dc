"""Who a bearer token is about. RS256 is pinned before any key is looked up; the key is chosen by
its id only, never by anything else that a token says about itself.

Claims: https://docs.aws.amazon.com/cognito/latest/developerguide/
amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

import hashlib
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from jose import jwt
from jose.exceptions import JOSEError

from services.gateway.jwks import KeySet

LEEWAY_S = 5  # clocks differ; Cognito's and ours are both kept by NTP
CACHE_S = 60.0
CACHE_SIZE = 10_000  # tokens; about 3 MB
_TOKEN_LIMIT = 8000  # characters; aiohttp takes 8190 bytes of a header
# It becomes part of keys of objects and records, so it must not be able to look like a path.
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", re.ASCII)
_OPTIONS = {
    # Cognito's access tokens have no `aud`; ours to check, below.
    "verify_aud": False,
    # Binds an ID token to the access token it came with, which we are not shown.
    "verify_at_hash": False,
    "require_exp": True,
    "require_iat": True,
    "require_iss": True,
    "require_sub": True,
    "leeway": LEEWAY_S,
}


class InvalidToken(Exception):
    """Not a token that this gateway accepts. ``reason`` is for our log, never for the client."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is calling. ``expires_at`` in Unix seconds."""

    user_id: str
    groups: frozenset[str]
    expires_at: float


class TokenVerifier:
    """Verifies Cognito's tokens, and remembers the verdict on good ones for a minute at most."""

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        client_ids: Collection[str],
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._client_ids = frozenset(client_ids)
        self._clock = clock
        self._verified: dict[bytes, tuple[Identity, float]] = {}

    async def verify(self, token: str) -> Identity:
        """The identity in ``token``.

        Raises ``InvalidToken``, or ``DependencyUnavailable`` while there are no keys.
        """
        if len(token) > _TOKEN_LIMIT or not token.isascii():
            raise InvalidToken("size")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(digest)
        now = self._clock()
        if known is not None and now < known[1]:
            return known[0]
        identity = self._identity_of(await self._claims(token))
        self._remember(digest, identity, now)
        return identity

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except (JOSEError, ValueError, RecursionError) as error:
            raise InvalidToken("form") from error
        kid = header.get("kid")
        if header.get("alg") != "RS256" or "crit" in header:
            raise InvalidToken("algorithm")
        if not isinstance(kid, str) or len(kid) > 128:
            raise InvalidToken("key id")
        key = await self._keys.key(kid)
        if key is None:
            raise InvalidToken("unknown key")
        try:
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=self._issuer,
                options=_OPTIONS,
            )
        except (JOSEError, ValueError, RecursionError) as error:
            raise InvalidToken(type(error).__name__) from error

    def _identity_of(self, claims: dict[str, Any]) -> Identity:
        if int(claims["iat"]) > self._clock() + LEEWAY_S:
            raise InvalidToken("issued in the future")
        audience = {"access": "client_id", "id": "aud"}.get(str(claims.get("token_use")))
        if audience is None:
            raise InvalidToken("use")
        client_id = claims.get(audience)
        if not isinstance(client_id, str) or client_id not in self._client_ids:
            raise InvalidToken("client")
        subject = claims["sub"]
        if not _SUBJECT.fullmatch(subject):
            raise InvalidToken("subject")
        groups = claims.get("cognito:groups")
        named = (
            [name for name in groups if isinstance(name, str)] if isinstance(groups, list) else []
        )
        return Identity(subject, frozenset(named), float(claims["exp"]))

    def _remember(self, digest: bytes, identity: Identity, now: float) -> None:
        self._verified.pop(digest, None)
        if len(self._verified) >= CACHE_SIZE:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = (identity, min(identity.expires_at, now + CACHE_S))
