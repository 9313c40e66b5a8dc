"""The one item per user that outlives the user's data: where it is, and the epoch in it.

Its key is a keyed hash, so that it names nobody after everything else is gone.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.item_store import Item, ItemKey, ItemStore

# Writers that lose a race look again; each loss means that somebody else got through.
RACES = 20
# How long an item outlives the retention of what its user last sent.
LIFETIME_SLACK_S = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class ControlItems:
    """The control items of one table."""

    items: ItemStore
    hash_key: bytes = field(repr=False)

    def key(self, user_id: str) -> dict[str, dict[str, str]]:
        """The primary key of a user's control item."""
        digest = hmac.new(self.hash_key, user_id.encode(), hashlib.sha256).hexdigest()
        return {"PK": {"S": f"CONTROL#{digest}"}, "SK": {"S": "CONTROL"}}

    async def epoch(self, user_id: str) -> int:
        """The user's epoch, 0 for one who never deleted everything. Strongly consistent."""
        return (await self.standing(user_id)).epoch

    async def standing(self, user_id: str) -> "Standing":
        """How the user stands, strongly consistent."""
        return standing_of(await self.items.read(self.key(user_id)))

    async def standing_beside(self, user_id: str, key: ItemKey | None) -> "tuple[Standing, Item]":
        """How the user stands, and the item at ``key`` if there is one: in one call."""
        if key is None:
            return await self.standing(user_id), {}
        control = self.key(user_id)
        items = await self.items.read_many([control, key])
        controls = [item for item in items if item["PK"] == control["PK"]]
        others = [item for item in items if item["PK"] != control["PK"]]
        return standing_of(controls[0] if controls else {}), others[0] if others else {}


@dataclass(frozen=True, slots=True)
class Standing:
    """A user's epoch, and whether a deletion of all that is older is under way.

    As long as one is, nobody else removes records or objects of an older epoch: it counts them.
    """

    epoch: int = 0
    erasing: bool = False


def standing_of(item: Mapping[str, Any]) -> Standing:
    """What a control item, empty if there is none, says of its user."""
    return Standing(epoch_of(item), "erasing" in item)


def epoch_of(item: Mapping[str, Any]) -> int:
    """The epoch in a control item, or the one that any other item of ours belongs to."""
    return int(item["epoch"]["N"]) if "epoch" in item else 0
