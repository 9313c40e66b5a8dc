"""What the stand-ins remember of the calls: how many, how they ended, and for which images."""

import time
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from tests.standins.faults import SERVICES, ServiceName

_REMEMBERED = 200  # calls of each service; counts have no such limit

# Outcomes in which the client got a caption.
ANSWERED = frozenset({"ok", "slow"})


class Calls:
    """Counts since the start or since ``reset``. No image is kept, only its hash."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._outcomes: dict[ServiceName, Counter[str]] = {name: Counter() for name in SERVICES}
        self._images: dict[ServiceName, Counter[str]] = {name: Counter() for name in SERVICES}
        self._last: dict[ServiceName, deque[Mapping[str, Any]]] = {
            name: deque(maxlen=_REMEMBERED) for name in SERVICES
        }

    def add(
        self,
        service: ServiceName,
        outcome: str,
        *,
        shown: Mapping[str, Any] | None = None,
        sha256: str | None = None,
    ) -> None:
        """One call, as soon as its outcome is decided: before a client can hear of it.

        It is shown with the moment, in seconds of a clock of which only differences say something.
        """
        self._outcomes[service][outcome] += 1
        if shown is not None:
            self._last[service].append({"outcome": outcome, "at": time.monotonic(), **shown})
        if sha256 is not None and outcome in ANSWERED:
            self._images[service][sha256] += 1

    def outcomes(self) -> dict[str, dict[str, int]]:
        """Per service, calls by outcome."""
        return {name: dict(counts) for name, counts in self._outcomes.items()}

    def images(self) -> dict[str, dict[str, int]]:
        """Per service, answers by the SHA-256 of the image they are about."""
        return {name: dict(counts) for name, counts in self._images.items()}

    def last(self, service: ServiceName, most: int) -> list[Mapping[str, Any]]:
        """The last calls of a service, oldest first."""
        return list(self._last[service])[-most:] if most else []
