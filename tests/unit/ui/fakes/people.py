"""The fake gateway's users, known by their tokens, each with a quota of their own."""

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.api import DeletionView, QuotaView
from shared.records import timestamp

WINDOW_S = 3600


@dataclass
class User:
    """Somebody with a token. ``left`` are the units of quota at ``counted_at``."""

    user_id: str
    groups: tuple[str, ...] = ()
    limit: int = 60  # units at once, and as many an hour
    left: float = 60.0
    counted_at: float = field(default_factory=time.monotonic)
    deletion: DeletionView | None = None
    deleted_at: float = 0.0  # of the clock that `time.monotonic` reads

    def spend(self) -> int | None:
        """Take a unit; else the seconds until there is one."""
        self._refill()
        if self.left >= 1:
            self.left -= 1
            return None
        return max(1, math.ceil((1 - self.left) * WINDOW_S / self.limit))

    def give_back(self) -> None:
        self.left = min(self.limit, self.left + 1)

    def quota(self) -> QuotaView:
        self._refill()
        full_in = (self.limit - self.left) * WINDOW_S / self.limit
        return QuotaView(
            limit=self.limit,
            window_s=WINDOW_S,
            remaining=int(self.left),
            resets_at=timestamp(datetime.fromtimestamp(time.time() + full_in, UTC)),
        )

    def headers(self) -> dict[str, str]:
        """What is left, as every answer tells that has to do with quota."""
        quota = self.quota()
        missing = 0.0 if quota.remaining >= self.limit else 1 - self.left % 1
        wait = math.ceil(missing * WINDOW_S / self.limit)
        return {
            "RateLimit-Policy": f'"captions";q={self.limit};w={WINDOW_S}',
            "RateLimit": f'"captions";r={quota.remaining};t={wait}',
        }

    def _refill(self) -> None:
        now = time.monotonic()
        more = (now - self.counted_at) * self.limit / WINDOW_S
        self.left, self.counted_at = min(self.limit, self.left + more), now
