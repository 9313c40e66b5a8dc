"""How much the uploads in flight may hold: bytes in all of this process, and bodies per user."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from services.gateway.problems import Problem

RETRY_AFTER_S = 2


class UploadBudget:
    """Room for uploads. What can't have it now is refused, not queued: queues hold memory too."""

    def __init__(self, *, total: int, per_user: int) -> None:
        self._left = total  # bytes
        self._per_user = per_user
        self._uploads: Counter[str] = Counter()

    @contextmanager
    def reserve(self, user_id: str, size: int) -> Iterator[None]:
        """Hold ``size`` bytes while the block runs.

        Raises ``Problem``: 429 ``too_many_uploads`` for this user, 503 ``overloaded`` for all.
        """
        if self._uploads[user_id] >= self._per_user:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_uploads",
                f"At most {self._per_user} uploads at the same time.",
                retry_after=RETRY_AFTER_S,
            )
        if size > self._left:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "overloaded",
                "Too many uploads are in flight. Try again in a moment.",
                retry_after=RETRY_AFTER_S,
            )
        self._left -= size
        self._uploads[user_id] += 1
        try:
            yield
        finally:
            self._left += size
            self._uploads[user_id] -= 1
            if not self._uploads[user_id]:
                del self._uploads[user_id]
