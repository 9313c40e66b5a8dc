"""Answers that stay the same while the process lives."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Page:
    """A body with its headers, and the tag that tells it from another."""

    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """The same for the same content, on every gateway."""
        return hashlib.sha256(self.body).hexdigest()[:32]


class Pages:
    """Pages by their path, made by ``make`` in a thread when the first of them is wanted."""

    def __init__(self, make: Callable[[], Mapping[str, Page]]) -> None:
        self._make = make
        self._made: Mapping[str, Page] | None = None
        self._making = asyncio.Lock()

    async def get(self, path: str) -> Page:
        """The page at ``path``."""
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
        return self._made[path]
