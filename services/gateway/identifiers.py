"""Image ids: UUIDv7 (RFC 9562), which sort by the time of their making, also within a process."""

import re
import secrets
import time
from collections.abc import Callable
from uuid import UUID

_CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_COUNTER_BITS = 12


def parse_image_id(text: str) -> str | None:
    """The id in its stored (lower case) form, or ``None`` if ``text`` is no UUID."""
    lowered = text.lower()
    return lowered if _CANONICAL.fullmatch(lowered) else None


def made_at(image_id: str) -> float:
    """When an id of ours was made, in Unix seconds; 0 for what is no UUIDv7."""
    if not _CANONICAL.fullmatch(image_id) or UUID(image_id).version != 7:
        return 0.0
    return (UUID(image_id).int >> 80) / 1000


class ImageIds:
    """Makes ids. Each is greater than the one before, whatever the clock does.

    The twelve bits after the version are a counter that starts at a random value below half of
    its range in each millisecond (RFC 9562, 6.2, method 1).
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:  # Unix seconds
        self._clock = clock
        self._millisecond = -1
        self._counter = 0

    def new(self) -> str:
        """A new id in canonical form."""
        now = int(self._clock() * 1000)
        if now > self._millisecond:
            self._millisecond = now
            self._counter = secrets.randbits(_COUNTER_BITS - 1)
        else:
            self._counter += 1
            if self._counter >> _COUNTER_BITS:
                # The counter ran over: borrow from the next millisecond rather than wait for it.
                self._millisecond += 1
                self._counter = secrets.randbits(_COUNTER_BITS - 1)
        value = (self._millisecond & (1 << 48) - 1) << 80
        value |= 0x7 << 76 | self._counter << 64
        value |= 0b10 << 62 | secrets.randbits(62)
        return str(UUID(int=value))
