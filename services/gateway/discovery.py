"""The sign-in provider's discovery document, with a sign-out address that works.

Cognito's own ``/logout`` takes ``logout_uri`` where OpenID Connect clients send
``post_logout_redirect_uri``, so they are sent to us, and we send them on.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from aiohttp import ClientError, ClientSession

from services.gateway.documents import fetch_object
from shared.errors import DependencyUnavailable

logger = logging.getLogger(__name__)

KEPT_S = 300.0


class Discovery:
    """The document at ``url``, kept for five minutes, and for longer while the provider is down."""

    def __init__(
        self,
        http: ClientSession,
        url: str,
        *,
        logout_endpoint: str,
        clock: Callable[[], float] = time.monotonic,  # seconds
    ) -> None:
        self._http = http
        self._url = url
        self._logout_endpoint = logout_endpoint
        self._clock = clock
        self._document: dict[str, Any] | None = None
        self._until = -float("inf")

    async def document(self) -> dict[str, Any]:
        """The document. Raises ``DependencyUnavailable`` if it could never be fetched."""
        if self._document is None or self._clock() >= self._until:
            try:
                self._document = await self._fetch()
            except (ClientError, TimeoutError, ValueError) as error:
                logger.warning("discovery failed", extra={"error": type(error).__name__})
                if self._document is None:
                    raise DependencyUnavailable("sign-in") from error
            else:
                self._until = self._clock() + KEPT_S
        return self._document

    async def _fetch(self) -> dict[str, Any]:
        document = await fetch_object(self._http, self._url)
        return document | {"end_session_endpoint": self._logout_endpoint}
