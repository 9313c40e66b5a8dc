"""Idempotency keys: who is at work under a key, and which image came of it.

One item per user and key, kept a day. Whoever holds its lease may act under the key; a lease that
runs out is taken over with the same image, job and unit of quota, so that two attempts, whatever
became of the first, never make two images.
"""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from services.gateway.problems import Problem, malformed
from shared.control_items import RACES
from shared.errors import DependencyUnavailable
from shared.item_store import ItemStore
from shared.items import Update, plain, user_key

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
LEASE_S = 60.0
LIFETIME_S = 24 * 3600.0
RETRY_AFTER_S = 1  # an upload in flight is through in less, a lease that died with its owner is not
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known under a key. Unless ``is_done``, the lease ``lease_id`` on it is ours.

    ``epoch`` is that of the unit of quota that was spent for it, ``None`` if none was.
    """

    user_id: str
    key: str
    image_id: str
    job: str
    lease_id: str
    epoch: int | None
    is_done: bool


def key_of(request: web.Request) -> str | None:
    """The request's idempotency key, if it has one. Raises ``Problem`` 400 for a bad one."""
    given = request.headers.getall(HEADER, [])
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise malformed(HEADER, "not one value of 1 to 255 visible ASCII characters")
    return given[0]


def key_reused() -> Problem:
    """The refusal of a key that stands for something else."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        "This Idempotency-Key was used with other bytes or options.",
    )


def in_flight() -> Problem:
    """The refusal while somebody else is at work under the key."""
    return Problem(
        HTTPStatus.CONFLICT,
        "idempotency_in_flight",
        "The first request with this Idempotency-Key is not answered yet.",
        retry_after=RETRY_AFTER_S,
    )


class IdempotencyKeys:
    """The idempotency keys of all users."""

    def __init__(
        self,
        items: ItemStore,
        *,
        clock: Callable[[], float] = time.time,  # Unix seconds
    ) -> None:
        self._items = items
        self._clock = clock

    async def claim(self, user_id: str, key: str, *, fingerprint: str, image_id: str) -> Claim:
        """Begin under ``key``, or find what was made under it.

        ``image_id`` is for a key that is new. Raises ``Problem``: 422 ``idempotency_key_reused``
        if the key stands for another fingerprint, 409 ``idempotency_in_flight`` if its lease is
        somebody else's.
        """
        at = user_key(user_id, f"IDEMPOTENCY#{key}")
        lease_id = uuid.uuid4().hex
        for _ in range(RACES):
            begun = await self._items.write(at, self._begin(fingerprint, image_id, lease_id))
            if begun is not None:
                return _claim(user_id, key, plain(begun))
            item = plain(await self._items.read(at))
            if not item or item["ttl"] <= self._clock():
                continue
            if item["fingerprint"] != fingerprint:
                raise key_reused()
            # Ours already where the answer to a write was lost and botocore repeated it.
            if item.get("done") or item["lease_id"] == lease_id:
                return _claim(user_id, key, item)
            if item["lease_until"] > self._clock():
                raise in_flight()
            taken = await self._items.write(at, self._take_over(item["lease_id"], lease_id))
            if taken is not None:
                return _claim(user_id, key, plain(taken))
        raise DependencyUnavailable("dynamodb")

    async def mark_charged(self, claim: Claim, epoch: int) -> bool:
        """Note that a unit of quota was spent; whether the lease is still ours."""
        return await self._while_ours(claim, Update().set(epoch=epoch))

    async def renew(self, claim: Claim) -> bool:
        """Hold the lease for longer; whether it is still ours."""
        return await self._while_ours(claim, Update().set(lease_until=self._clock() + LEASE_S))

    async def finish(self, claim: Claim) -> None:
        """Note that the image is there. If the lease is not ours any more, its owner does it."""
        await self._while_ours(claim, Update().set(done=True))

    async def release(self, claim: Claim) -> None:
        """Forget the key: nothing came of the claim, or what came of it is gone."""
        ours = Update().when("{lease_id} = :lease", lease=claim.lease_id)
        await self._items.delete(_at(claim), ours)

    def _begin(self, fingerprint: str, image_id: str, lease_id: str) -> Update:
        now = self._clock()
        return (
            Update()
            .set(
                fingerprint=fingerprint,
                image_id=image_id,
                job=uuid.uuid4().hex,
                lease_id=lease_id,
                lease_until=now + LEASE_S,
                ttl=int(now + LIFETIME_S),
                # What an expired item of this key may still say.
                epoch=None,
                done=None,
            )
            .when("attribute_not_exists({PK}) OR {ttl} <= :now", now=now)
        )

    def _take_over(self, seen: str, lease_id: str) -> Update:
        return (
            Update()
            .set(lease_id=lease_id, lease_until=self._clock() + LEASE_S)
            .when("{lease_id} = :seen AND attribute_not_exists({done})", seen=seen)
        )

    async def _while_ours(self, claim: Claim, update: Update) -> bool:
        update.when("{lease_id} = :lease", lease=claim.lease_id)
        return await self._items.write(_at(claim), update) is not None


def _at(claim: Claim) -> dict[str, dict[str, str]]:
    return user_key(claim.user_id, f"IDEMPOTENCY#{claim.key}")


def _claim(user_id: str, key: str, item: dict[str, Any]) -> Claim:
    return Claim(
        user_id=user_id,
        key=key,
        image_id=item["image_id"],
        job=item["job"],
        lease_id=item["lease_id"],
        epoch=item.get("epoch"),
        is_done=bool(item.get("done")),
    )
