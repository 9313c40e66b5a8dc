"""The issuer's public keys, kept. An unknown key id asks the issuer at most once a minute."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from aiohttp import ClientError, ClientSession
from jose import jwk
from jose.backends.base import Key
from jose.exceptions import JOSEError

from services.gateway.documents import fetch_object
from shared.errors import DependencyUnavailable

logger = logging.getLogger(__name__)

REFETCH_S = 60.0  # between two fetches on an unknown key id
EMPTY_REFETCH_S = 1.0  # between two fetches while there is no key at all
MAX_AGE_S = 3600.0  # after which a key that the issuer withdrew is forgotten


class KeySet:
    """Public RS256 keys by their id, fetched from ``url`` when first needed."""

    def __init__(
        self,
        http: ClientSession,
        url: str,
        *,
        clock: Callable[[], float] = time.monotonic,  # seconds
    ) -> None:
        self._http = http
        self._url = url
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._tried_at = -float("inf")
        self._fetched_at = -float("inf")
        self._fetching = asyncio.Lock()

    async def key(self, kid: str) -> Key | None:
        """The key of this id, ``None`` if the issuer has none.

        Raises ``DependencyUnavailable`` while there are no keys at all.
        """
        if kid not in self._keys or self._is_stale():
            await self._refresh(kid)
        if not self._keys:
            raise DependencyUnavailable("jwks")
        return self._keys.get(kid)

    async def check(self) -> None:
        """Raise ``DependencyUnavailable`` if there are no keys to verify anything with."""
        if not self._keys:
            await self._refresh("")
        if not self._keys:
            raise DependencyUnavailable("jwks")

    def _is_stale(self) -> bool:
        return self._clock() - self._fetched_at >= MAX_AGE_S

    async def _refresh(self, kid: str) -> None:
        async with self._fetching:
            # Whoever waited for the lock may find that the fetch before brought the key.
            if kid in self._keys and not self._is_stale():
                return
            pause = REFETCH_S if self._keys else EMPTY_REFETCH_S
            if self._clock() - self._tried_at < pause:
                return
            self._tried_at = self._clock()
            try:
                self._keys = await self._fetch()
            except (ClientError, TimeoutError, ValueError, JOSEError) as error:
                # The keys we have are still the issuer's last word.
                logger.warning("keys not fetched", extra={"error": type(error).__name__})
            else:
                self._fetched_at = self._clock()

    async def _fetch(self) -> dict[str, Key]:
        entries = (await fetch_object(self._http, self._url)).get("keys")
        if not isinstance(entries, list):
            raise ValueError("not a key set")  # noqa: TRY004  what arrived is bad, not our call
        return {entry["kid"]: jwk.construct(entry, "RS256") for entry in entries if _usable(entry)}


def _usable(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("kid"), str)
        and entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "RS256") == "RS256"
    )
