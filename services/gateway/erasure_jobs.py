"""Deletions of everything, kept in the control items: begun with the epoch, resumable by anybody.

Whoever works on one holds its lease; every write of progress conditions on that lease and extends
it, so that of two that work on one deletion the slower one stops at its next write.
"""

import math
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from services.gateway.identifiers import ImageIds
from shared.control_items import RACES, ControlItems, epoch_of
from shared.errors import DependencyUnavailable, StaleRecord
from shared.items import Update, active_shard, plain
from shared.records import Part
from shared.tombstones import SECOND_PURGE_S

LEASE_S = 30.0
# Between the end of a lease and the sweeper's look: clocks differ a little.
LEASE_SLACK_S = 2.0


class Erasure(Part):
    """The deletion of all that a user had before ``epoch``, asked for at ``requested_at`` (Unix
    seconds, as are the other times).

    ``records``, ``objects`` (different keys) and ``object_versions`` (markers included) count what
    it found. Progress is a ``phase``, the ``cursor`` in it (what is up to there is gone) and
    ``counted_to`` (what is up to there is counted). ``user_id`` is dropped with the last purge.
    """

    deletion_id: str
    user_id: str | None = None
    epoch: int
    status: Literal["running", "completed"] = "running"
    requested_at: float
    completed_at: float | None = None
    records: int = 0
    objects: int = 0
    object_versions: int = 0
    phase: int = 0
    cursor: tuple[str, ...] | None = None
    counted_to: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A deletion in this worker's hands. ``key`` is its control item's."""

    key: dict[str, Any]
    lease: str
    erasure: Erasure


class ErasureJobs:
    """The deletions of one table."""

    def __init__(
        self,
        control: ControlItems,
        *,
        lifetime: float,  # seconds that a control item outlives its last use
        clock: Callable[[], float] = time.time,  # Unix seconds
        new_id: Callable[[], str] | None = None,  # of a deletion; its own UUIDv7 unless given
    ) -> None:
        self._control = control
        self._lifetime = lifetime
        self._clock = clock
        self._new_id = new_id or ImageIds(clock=clock).new

    async def begin(self, user_id: str) -> Held | Erasure:
        """Begin a new epoch and the deletion of all older ones; or the deletion that runs already.

        From here on nothing older is to be seen by anybody.
        """
        key, lease = self._control.key(user_id), uuid.uuid4().hex
        for _ in range(RACES):
            item = await self._control.items.read(key)
            running = erasure_in(item)
            if running is not None and running.status == "running":
                # Ours already where the answer to the write was lost and botocore repeated it.
                is_ours = plain(item).get("eraser") == lease
                return Held(key, lease, running) if is_ours else running
            held = Held(key, lease, self._new(user_id, epoch_of(item) + 1))
            update = (
                Update()
                .set(
                    epoch=held.erasure.epoch,
                    erasure=held.erasure,
                    erasing=held.erasure.deletion_id,
                    eraser=held.lease,
                    check_at=self._lease_end(),
                    active_shard=active_shard(held.erasure.deletion_id),
                    ttl=math.ceil(self._clock() + self._lifetime),
                )
                .when("attribute_not_exists({epoch}) OR {epoch} = :epoch", epoch=epoch_of(item))
            )
            if await self._control.items.write(key, update) is not None:
                return held
        raise DependencyUnavailable("dynamodb")

    async def latest(self, user_id: str) -> Erasure | None:
        """The user's last deletion, running or done, if there was one."""
        return erasure_in(await self._control.items.read(self._control.key(user_id)))

    async def take(self, key: dict[str, Any], *, seen: float) -> Held | None:
        """Take up what is due at the control item ``key`` since ``seen``: a deletion whose worker
        died, or its second purge. ``None`` if somebody else has, or nothing is left to do.
        """
        lease = uuid.uuid4().hex
        update = (
            Update()
            .set(eraser=lease, check_at=self._lease_end())
            .when("{check_at} = :seen", seen=seen)
            .when("{check_at} <= :now", now=self._clock())
        )
        erasure = erasure_in(await self._control.items.write(key, update) or {})
        return Held(key, lease, erasure) if erasure is not None else None

    async def save(self, held: Held) -> None:
        """Store progress and extend the lease. Raises ``StaleRecord`` if it was lost."""
        await self._write(held, Update().set(erasure=held.erasure, check_at=self._lease_end()))

    async def complete(self, held: Held) -> None:
        """Store the result; the second purge is due in a quarter of an hour."""
        due = self._clock() + SECOND_PURGE_S
        update = Update().set(erasure=held.erasure, eraser=None, erasing=None, check_at=due)
        await self._write(held, update)

    async def close(self, held: Held) -> None:
        """Nothing is left to do: what stays is the receipt, which names nobody."""
        receipt = held.erasure.model_copy(update={"user_id": None})
        await self._write(
            held, Update().set(erasure=receipt, eraser=None, check_at=None, active_shard=None)
        )

    async def release(self, held: Held) -> None:
        """Let the sweeper take it up at once. Raises ``StaleRecord`` if the lease was lost."""
        await self._write(held, Update().set(eraser=None, check_at=self._clock()))

    def _new(self, user_id: str, epoch: int) -> Erasure:
        return Erasure(
            deletion_id=self._new_id(),
            user_id=user_id,
            epoch=epoch,
            requested_at=self._clock(),
        )

    def _lease_end(self) -> float:
        return self._clock() + LEASE_S + LEASE_SLACK_S

    async def _write(self, held: Held, update: Update) -> None:
        update.when("{eraser} = :lease", lease=held.lease)
        if await self._control.items.write(held.key, update) is None:
            raise StaleRecord("another worker has this deletion")


def erasure_in(item: dict[str, Any]) -> Erasure | None:
    """The deletion in a control item, if there is one."""
    return Erasure.model_validate(plain(item)["erasure"]) if "erasure" in item else None
