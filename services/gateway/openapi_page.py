"""An answer that stays the same while the process lives."""

import hashlib
from collections.abc import Mapping
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
